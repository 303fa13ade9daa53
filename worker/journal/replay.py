"""Reporting again because a person asked: settled reports back to pending, with a fresh budget.

A status is replayed only while it is the newest of its connector; one that has been overtaken is
left alone and counted.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, and_, case, func, or_, select
from sqlalchemy.exc import DBAPIError

from worker.events import Kind
from worker.journal import tables, windows
from worker.journal.engine import passing, reading, writing
from worker.journal.listings import Filters, of_reports
from worker.journal.reopen import back_to_pending, lock_connectors, no_longer_newest
from worker.journal.states import State, replayable
from worker.policies import Policy

BATCH = 500
RACES = 5
GIVE_WAY_S = 0.02
BY_HAND = "replayed by hand"


class Fate(StrEnum):
    """What a replay does with a report.

    replayed: it is pending again.
    overtaken: a newer status of its connector is known.
    left: its state is not one to replay from.
    """

    REPLAYED = "replayed"
    OVERTAKEN = "overtaken"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Group:
    """Reports that stood alike and fared alike."""

    vendor: str
    kind: str
    state: str
    fate: Fate


Counts = Counter[Group]


def plan(engine: Engine, filters: Filters, *, again: bool) -> Counts:
    """What a replay would do now; writes nothing.

    Args:
        engine: the journal.
        filters: which reports.
        again: also what was accepted.
    """
    columns = tables.report.c
    fate = case(
        (columns.state.not_in(replayable(again=again)), Fate.LEFT.value),
        (no_longer_newest(), Fate.OVERTAKEN.value),
        else_=Fate.REPLAYED.value,
    ).label("fate")
    query = select(columns.vendor, columns.kind, columns.state, fate).where(*of_reports(filters))
    counts: Counts = Counter()
    for after, last in windows.windows(engine, filters):
        fated = query.where(columns.id > after, columns.id <= last).subquery()
        with reading(engine) as connection:
            for row in connection.execute(select(fated, func.count()).group_by(*fated.c)):
                vendor, kind, state, fate_of_them, count = row
                counts[Group(vendor, kind, state, Fate(fate_of_them))] += count
    return counts


def replay(
    engine: Engine,
    filters: Filters,
    policies: Mapping[Kind, Policy],
    now: datetime,
    *,
    again: bool,
    per_s: float,
    asked_at: datetime | None = None,
    sleep: Callable[[float], object] = time.sleep,
) -> Counts:
    """Replay in batches, each a transaction; what arrives or is accepted meanwhile is not touched.

    The reports of one vendor become due one after the other, urgent kinds before the others.

    Args:
        engine: the journal.
        filters: which reports.
        policies: of every kind.
        now: when the first report is due.
        again: also what was accepted.
        per_s: how many reports of one vendor become due in a second; more than 0.
        asked_at: when a person saw what would be told again; else now.
        sleep: waits between two batches, for SQLite lets no other writer in by itself.

    Returns:
        What was replayed and what had been overtaken; reports that are left are not counted.
    """
    columns = tables.report.c
    counts: Counts = Counter()
    spans = list(windows.windows(engine, filters))
    for urgent in (True, False):
        kinds = [kind for kind, policy in policies.items() if policy.urgent is urgent]
        if filters.kind is not None and filters.kind not in kinds:
            continue
        chosen = and_(
            columns.kind.in_(kinds), *of_reports(filters), _may_be(again, asked_at or now)
        )
        for span in spans:
            for ids in windows.batches(engine, span, chosen, BATCH):
                if counts:
                    sleep(GIVE_WAY_S)
                batch = _Batch(ids, chosen, policies, now, per_s, places(counts))
                counts += _raced(engine, batch)
    return counts


def places(counts: Counts) -> Counter[str]:
    """How many reports of each vendor have been replayed."""
    placed: Counter[str] = Counter()
    for group, count in counts.items():
        if group.fate is Fate.REPLAYED:
            placed[group.vendor] += count
    return placed


def _may_be(again: bool, asked_at: datetime) -> ColumnElement[bool]:
    """The states to replay from; what is accepted after the asking was not meant to go twice."""
    columns = tables.report.c
    before = or_(columns.settled_at.is_(None), columns.settled_at <= asked_at)
    return and_(
        columns.state.in_(replayable(again=again)),
        or_(columns.state != State.ACCEPTED, before),
    )


@dataclass(frozen=True, slots=True)
class _Batch:
    """What one transaction of a replay takes on, and how many of each vendor went before it."""

    ids: Sequence[int]
    chosen: ColumnElement[bool]
    policies: Mapping[Kind, Policy]
    now: datetime
    per_s: float
    places: Mapping[str, int]


def _raced(engine: Engine, batch: _Batch) -> Counts:
    """One batch; when a worker wrote a pending status in between, the second look sees it."""
    for left in reversed(range(RACES)):
        try:
            with writing(engine) as connection:
                return _replay(connection, batch)
        except DBAPIError as error:
            if not left or not passing(error):
                raise
    raise AssertionError("unreachable")


def _replay(connection: Connection, batch: _Batch) -> Counts:
    counts: Counts = Counter()
    placed = Counter(batch.places)
    by_kind: dict[Kind, dict[int, datetime]] = {}
    for row in _locked(connection, batch):
        fate = Fate.OVERTAKEN if row.overtaken else Fate.REPLAYED
        counts[Group(row.vendor, row.kind, row.state, fate)] += 1
        if fate is Fate.OVERTAKEN:
            continue
        turn = batch.now + timedelta(seconds=placed[row.vendor] / batch.per_s)
        placed[row.vendor] += 1
        # What is to be sent anyway is never put off.
        due_at = min(turn, row.due_at) if row.state == State.PENDING else turn
        by_kind.setdefault(Kind(row.kind), {})[row.id] = due_at
    for kind, due_at in by_kind.items():
        policy = batch.policies[kind]
        back_to_pending(connection, list(due_at), policy, batch.now, BY_HAND, due_at=due_at)
    return counts


def _locked(connection: Connection, batch: _Batch) -> Sequence[Row[Any]]:
    """Those that are still chosen."""
    lock_connectors(connection, batch.ids)
    columns = tables.report.c
    overtaken = no_longer_newest().label("overtaken")
    return connection.execute(
        select(columns.id, columns.vendor, columns.kind, columns.state, columns.due_at, overtaken)
        .where(columns.id.in_(batch.ids), batch.chosen)
        .order_by(columns.id)
        .with_for_update(of=tables.report)
    ).all()
