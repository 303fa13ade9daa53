"""Forgetting what has been settled long enough: in small batches, with rests between them."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import ColumnElement, Connection, Engine, Select, Table, delete, exists, select

from config.settings import Settings
from worker.journal import callback_tables as told
from worker.journal import tables
from worker.journal.chunks import chunks
from worker.journal.engine import bring_home, writing
from worker.journal.history_tables import lane_tick, tick
from worker.journal.reconciliation_tables import difference, reconciliation
from worker.journal.states import OPEN, State
from worker.policies import Policy, policies

BATCH = 100
# Times as long as a batch took: the journal is delivery's, and SQLite's has one writer.
REST = {"sqlite": 39, "postgresql": 19}
FOR_S = 540.0
UNFINISHED = (*OPEN, State.HELD, State.REFUSED)
BATCH_IDS_FOR = timedelta(days=2)
TICKS_FOR = timedelta(days=2)
Batch = Callable[[Connection], int]


def prune(
    engine: Engine,
    settings: Settings,
    now: datetime,
    *,
    for_s: float = FOR_S,
    stopping: threading.Event | None = None,
) -> int:
    """Delete old events with all their reports settled, their attempts, and old rejects.

    Args:
        engine: the journal.
        settings: how long each kind is kept.
        now: the time to count from.
        for_s: ends it after so long; the next call goes on.
        stopping: ends it early.

    Returns:
        How many events went.
    """
    gently = _Gently(engine, stopping or threading.Event(), for_s)
    pruned = 0
    for policy in policies(settings).values():
        pruned += sum(gently.batches(partial(_prune_events, policy=policy, now=now)))
    old_rejects = tables.reject.c.received_at < now - timedelta(days=settings.keep_reject_days)
    gently.delete(tables.reject, old_rejects)
    old = now - timedelta(days=settings.keep_callback_days)
    for table in (told.callback, told.failed_report):
        gently.delete(table, table.c.received_at < old)
    _prune_reconciliations(gently, old)
    gently.delete(tables.intake_batch, tables.intake_batch.c.accepted_at < now - BATCH_IDS_FOR)
    for table in (lane_tick, tick):
        gently.delete(table, table.c.at < int((now - TICKS_FOR).timestamp()), key=table.c.at)
    return pruned


class _Gently:
    """Works in batches, each a transaction, and rests after each."""

    def __init__(self, engine: Engine, stopping: threading.Event, for_s: float) -> None:
        self._engine = engine
        self._stopping = stopping
        self._end = time.monotonic() + for_s

    def batches(self, batch: Batch) -> Iterator[int]:
        """Do it again and again while it is full; yields how much each was."""
        count = BATCH
        while count == BATCH and not self._stopping.is_set():
            began = time.monotonic()
            with writing(self._engine) as connection:
                count = batch(connection)
            bring_home(self._engine)
            yield count
            took_s = time.monotonic() - began
            if began + took_s > self._end:
                return
            if count == BATCH:
                self._stopping.wait(REST[self._engine.dialect.name] * took_s)

    def delete(
        self, table: Table, old: ColumnElement[bool], *, key: ColumnElement[int] | None = None
    ) -> None:
        """All rows of a table that are old; rows of one key, by default the id, go together."""
        key = table.c.id if key is None else key

        def some(connection: Connection) -> int:
            ids = list(connection.execute(select(key).where(old).limit(BATCH)).scalars())
            connection.execute(delete(table).where(key.in_(ids)))
            return len(ids)

        sum(self.batches(some))


def _prune_reconciliations(gently: _Gently, before: datetime) -> None:
    old = reconciliation.c.started_at < before
    of_old = difference.c.reconciliation_id.in_(select(reconciliation.c.id).where(old))
    gently.delete(difference, of_old)
    gently.delete(reconciliation, old)


def _prune_events(connection: Connection, *, policy: Policy, now: datetime) -> int:
    """Children first, by parent; what waits, awaits a decision or is a newest status stays."""
    event, report, conflict = tables.event.c, tables.report.c, tables.conflict.c
    unfinished = select(report.id).where(report.event_id == event.id, report.state.in_(UNFINISHED))
    undecided = select(conflict.id).where(
        conflict.event_id == event.id, conflict.decision.is_(None)
    )
    newest = select(tables.connector.c.event_id).where(
        tables.connector.c.subject == event.subject, tables.connector.c.event_id == event.id
    )
    before = now - timedelta(days=policy.keep_days)
    ids = list(
        connection.execute(
            select(event.id)
            .where(
                event.kind == policy.kind.value,
                event.received_at < before,
                _none(unfinished),
                _none(undecided),
                _none(newest),
            )
            .order_by(event.received_at)
            .limit(BATCH)
            .with_for_update(skip_locked=True, of=tables.event)
        ).scalars()
    )
    if ids:
        rows = connection.execute(
            select(report.id, report.event_id, report.state)
            .where(report.event_id.in_(ids))
            .with_for_update()
        ).all()
        # A replay may have come in between: what it has put back stays.
        stays = {row.event_id for row in rows if row.state in UNFINISHED}
        ids = [event_id for event_id in ids if event_id not in stays]
        reports = [row.id for row in rows if row.event_id not in stays]
        for some in chunks(reports, BATCH):
            _prune_attempts(connection, some)
        connection.execute(delete(tables.report).where(report.event_id.in_(ids)))
        connection.execute(delete(tables.conflict).where(conflict.event_id.in_(ids)))
        connection.execute(delete(tables.event).where(event.id.in_(ids)))
    return len(ids)


def _none(others: Select[int]) -> ColumnElement[bool]:
    """Asked of their index for one event after the other; an EXISTS may be joined with them all."""
    return others.limit(1).scalar_subquery().is_(None)


def _prune_attempts(connection: Connection, reports: Sequence[int]) -> None:
    link, attempt = tables.attempt_report.c, tables.attempt.c
    mine = select(link.attempt_id).where(link.report_id.in_(reports))
    attempts = list(connection.execute(mine.distinct()).scalars())
    connection.execute(delete(tables.attempt_report).where(link.report_id.in_(reports)))
    still_used = exists().where(link.attempt_id == attempt.id)
    for some in chunks(attempts, BATCH):
        connection.execute(delete(tables.attempt).where(attempt.id.in_(some), ~still_used))
