"""Reporting again because a person asked: settled reports back to pending, with a fresh budget.

A status is replayed only while it is the newest of its connector; one that has been overtaken is
left alone and counted.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Update,
    and_,
    case,
    exists,
    func,
    literal,
    not_,
    select,
    update,
)
from sqlalchemy.exc import DBAPIError

from worker.events import Kind
from worker.journal import tables
from worker.journal.engine import passing, reading, writing
from worker.journal.listings import Filters, of_reports
from worker.journal.states import State, replayable
from worker.policies import Policy

BATCH = 500
RACES = 5
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
        (_overtaken(), Fate.OVERTAKEN.value),
        else_=Fate.REPLAYED.value,
    ).label("fate")
    fated = (
        select(columns.vendor, columns.kind, columns.state, fate)
        .where(*of_reports(filters))
        .subquery()
    )
    query = select(fated, func.count()).group_by(*fated.c)
    with reading(engine) as connection:
        return Counter(
            {
                Group(vendor, kind, state, Fate(fate)): count
                for vendor, kind, state, fate, count in connection.execute(query)
            }
        )


def replay(
    engine: Engine,
    filters: Filters,
    policies: Mapping[Kind, Policy],
    now: datetime,
    *,
    again: bool,
) -> Counts:
    """Replay in batches, each a transaction; what arrives meanwhile is not touched.

    Returns:
        What was replayed and what had been overtaken; reports that are left are not counted.
    """
    columns = tables.report.c
    states = replayable(again=again)
    chosen = and_(columns.state.in_(states), *of_reports(filters))
    with reading(engine) as connection:
        last = connection.execute(select(func.max(columns.id))).scalar() or 0
    counts: Counts = Counter()
    after = 0
    while after < last:
        window = and_(chosen, columns.id > after, columns.id <= last)
        ids, counted = _raced(engine, window, policies, now)
        counts += counted
        if len(ids) < BATCH:
            break
        after = ids[-1]
    return counts


def _raced(
    engine: Engine, window: ColumnElement[bool], policies: Mapping[Kind, Policy], now: datetime
) -> tuple[Sequence[int], Counts]:
    """One batch; when a worker wrote a pending status in between, the second look sees it."""
    for left in reversed(range(RACES)):
        try:
            with writing(engine) as connection:
                return _batch(connection, window, policies, now)
        except DBAPIError as error:
            if not left or not passing(error):
                raise
    raise AssertionError("unreachable")


def _batch(
    connection: Connection,
    window: ColumnElement[bool],
    policies: Mapping[Kind, Policy],
    now: datetime,
) -> tuple[Sequence[int], Counts]:
    columns = tables.report.c
    query = select(columns.id).where(window).order_by(columns.id).limit(BATCH)
    ids = connection.execute(query).scalars().all()
    _lock_connectors(connection, ids)
    rows = connection.execute(
        select(
            columns.id, columns.vendor, columns.kind, columns.state, _overtaken().label("overtaken")
        )
        .where(columns.id.in_(ids), window)
        .order_by(columns.id)
        .with_for_update(of=tables.report)
    ).all()
    counts: Counts = Counter()
    by_kind: dict[Kind, list[int]] = {}
    for row in rows:
        fate = Fate.OVERTAKEN if row.overtaken else Fate.REPLAYED
        counts[Group(row.vendor, row.kind, row.state, fate)] += 1
        if not row.overtaken:
            by_kind.setdefault(Kind(row.kind), []).append(row.id)
    for kind, some in by_kind.items():
        back_to_pending(connection, some, policies[kind], now, BY_HAND)
    return ids, counts


def _lock_connectors(connection: Connection, ids: Sequence[int]) -> None:
    """The intake takes the same locks in the same order: no newer status comes in between."""
    columns, subject = tables.report.c, tables.connector.c.subject
    of = select(columns.subject).where(columns.id.in_(ids), columns.latest_wins == 1)
    # The intake sorts by code points, whatever the language of the database.
    order = subject.collate("C") if connection.dialect.name == "postgresql" else subject
    locked = select(subject).where(subject.in_(of)).order_by(order).with_for_update()
    connection.execute(locked)


def _overtaken() -> ColumnElement[bool]:
    columns, newest = tables.report.c, tables.connector.c
    is_newest = exists().where(
        newest.subject == columns.subject, newest.event_id == columns.event_id
    )
    return and_(columns.latest_wins == 1, not_(is_newest))


def back_to_pending(
    connection: Connection, ids: Sequence[int], policy: Policy, now: datetime, why: str
) -> None:
    """Due now, with a fresh budget; how each stood before is kept in its reason.

    Of a connector's statuses an older pending one is superseded: only the newest waits.
    """
    columns = tables.report.c
    if policy.latest_wins:
        connection.execute(_supersede_older(ids, now))
    stood = literal(f"{why}; was ") + columns.state
    stood = case((columns.reason.is_(None), stood), else_=stood + ": " + columns.reason)
    connection.execute(
        update(tables.report)
        .where(columns.id.in_(ids))
        .values(
            state=State.PENDING,
            due_at=now,
            worth_until=policy.worth_until(now),
            tries=0,
            settled_at=None,
            lease_until=None,
            lease_owner=None,
            reason=case((columns.reason.startswith(why), columns.reason), else_=stood),
        )
    )


def _supersede_older(ids: Sequence[int], now: datetime) -> Update:
    columns = tables.report.c
    chosen = tables.report.alias("chosen")
    overtaken = exists().where(
        chosen.c.id.in_(ids),
        chosen.c.vendor == columns.vendor,
        chosen.c.subject == columns.subject,
    )
    return (
        update(tables.report)
        .where(
            tables.is_waiting(),
            tables.is_latest_wins(),
            columns.id.not_in(ids),
            overtaken,
        )
        .values(state=State.SUPERSEDED, reason="a newer status took its place", settled_at=now)
    )
