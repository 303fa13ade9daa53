"""Forgetting what has been settled long enough, in small batches that block nobody."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Engine, Table, delete, exists, select

from config.settings import Settings
from worker.journal import callback_tables as told
from worker.journal import tables
from worker.journal.engine import writing
from worker.journal.reconciliation_tables import difference, reconciliation
from worker.journal.states import OPEN, State
from worker.policies import Policy, policies

BATCH = 500
UNFINISHED = (*OPEN, State.HELD, State.REFUSED)
BATCH_IDS_FOR = timedelta(days=2)


def prune(engine: Engine, settings: Settings, now: datetime, *, batches: int = 200) -> int:
    """Delete old events with all their reports settled, their attempts, and old rejects.

    Returns:
        How many events went. At most `batches` × 500 at one time; the next call goes on.
    """
    pruned = 0
    for policy in policies(settings).values():
        for _ in range(batches):
            with writing(engine) as connection:
                count = _prune_events(connection, policy, now)
            pruned += count
            if count < BATCH:
                break
    old_rejects = tables.reject.c.received_at < now - timedelta(days=settings.keep_reject_days)
    _delete(engine, tables.reject, old_rejects)
    old = now - timedelta(days=settings.keep_callback_days)
    for table in (told.callback, told.failed_report):
        _delete(engine, table, table.c.received_at < old)
    _prune_reconciliations(engine, old)
    _delete(engine, tables.intake_batch, tables.intake_batch.c.accepted_at < now - BATCH_IDS_FOR)
    return pruned


def _delete(engine: Engine, table: Table, old: ColumnElement[bool]) -> None:
    while True:
        with writing(engine) as connection:
            some = select(table.c.id).where(old).limit(BATCH)
            ids = list(connection.execute(some).scalars())
            connection.execute(delete(table).where(table.c.id.in_(ids)))
        if len(ids) < BATCH:
            return


def _prune_reconciliations(engine: Engine, before: datetime) -> None:
    old = reconciliation.c.started_at < before
    of_old = difference.c.reconciliation_id.in_(select(reconciliation.c.id).where(old))
    _delete(engine, difference, of_old)
    _delete(engine, reconciliation, old)


def _prune_events(connection: Connection, policy: Policy, now: datetime) -> int:
    """Children first, by parent; what waits, awaits a decision or is a newest status stays."""
    event, report, conflict = tables.event.c, tables.report.c, tables.conflict.c
    unfinished = exists().where(report.event_id == event.id, report.state.in_(UNFINISHED))
    undecided = exists().where(conflict.event_id == event.id, conflict.decision.is_(None))
    newest = exists().where(
        tables.connector.c.subject == event.subject, tables.connector.c.event_id == event.id
    )
    before = now - timedelta(days=policy.keep_days)
    ids = list(
        connection.execute(
            select(event.id)
            .where(
                event.kind == policy.kind.value,
                event.received_at < before,
                ~unfinished,
                ~undecided,
                ~newest,
            )
            .order_by(event.received_at)
            .limit(BATCH)
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
        for some in _chunks(reports):
            _prune_attempts(connection, some)
        connection.execute(delete(tables.report).where(report.event_id.in_(ids)))
        connection.execute(delete(tables.conflict).where(conflict.event_id.in_(ids)))
        connection.execute(delete(tables.event).where(event.id.in_(ids)))
    return len(ids)


def _prune_attempts(connection: Connection, reports: list[int]) -> None:
    link, attempt = tables.attempt_report.c, tables.attempt.c
    mine = select(link.attempt_id).where(link.report_id.in_(reports))
    attempts = list(connection.execute(mine.distinct()).scalars())
    connection.execute(delete(tables.attempt_report).where(link.report_id.in_(reports)))
    still_used = exists().where(link.attempt_id == attempt.id)
    for some in _chunks(attempts):
        connection.execute(delete(tables.attempt).where(attempt.id.in_(some), ~still_used))


def _chunks(ids: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(ids), BATCH):
        yield ids[start : start + BATCH]
