"""Forgetting what has been settled long enough, in small batches that block nobody."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, delete, exists, select

from config.settings import Settings
from worker.journal import tables
from worker.journal.engine import writing
from worker.journal.states import OPEN, State
from worker.policies import Policy, policies

BATCH = 500
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
    with writing(engine) as connection:
        rejects, known = tables.reject.c, tables.intake_batch.c
        before = now - timedelta(days=settings.keep_reject_days)
        connection.execute(delete(tables.reject).where(rejects.received_at < before))
        before = now - BATCH_IDS_FOR
        connection.execute(delete(tables.intake_batch).where(known.accepted_at < before))
    return pruned


def _prune_events(connection: Connection, policy: Policy, now: datetime) -> int:
    """Children first, by parent; what waits, awaits a decision or is a newest status stays."""
    event, report, conflict = tables.event.c, tables.report.c, tables.conflict.c
    unfinished = exists().where(
        report.event_id == event.id, report.state.in_([*OPEN, State.HELD, State.REFUSED])
    )
    undecided = exists().where(conflict.event_id == event.id, conflict.decision.is_(None))
    newest = exists().where(tables.connector.c.event_id == event.id)
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
        reports = list(
            connection.execute(select(report.id).where(report.event_id.in_(ids))).scalars()
        )
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
