"""Seeing how far a relay has come: queues, lanes, and whether anything is still open."""

from collections.abc import Mapping
from dataclasses import dataclass

from redis import Redis
from sqlalchemy import Engine, exists, func, select

from worker.events import Kind
from worker.journal import tables
from worker.journal.engine import reading
from worker.journal.states import OPEN
from worker.standstill import look


@dataclass(frozen=True, slots=True)
class Tally:
    """What went where, by vendor, kind and state; and what the intake kept aside."""

    reports: Mapping[tuple[str, str, str], int]
    events: int
    untold: int
    duplicates: int
    rejects: int
    conflicts: int


def queued(redis: Redis) -> dict[Kind, int]:
    """Items on each queue and in its processing lists."""
    return {kind: queued.items for kind, queued in look(redis, tuple(Kind)).items()}


def settled(redis: Redis, engine: Engine) -> bool:
    """Whether nothing is queued and no report is open."""
    if any(queued(redis).values()):
        return False
    with reading(engine) as connection:
        query = select(tables.report.c.id).where(tables.report.c.state.in_(OPEN)).limit(1)
        return connection.execute(query).first() is None


def tally(engine: Engine) -> Tally:
    """Count everything; meant for a small journal."""
    report, event = tables.report.c, tables.event.c
    with reading(engine) as connection:
        rows = connection.execute(
            select(report.vendor, report.kind, report.state, func.count())
            .group_by(report.vendor, report.kind, report.state)
            .order_by(report.vendor, report.kind, report.state)
        ).all()
        events, duplicates = connection.execute(
            select(func.count(), func.coalesce(func.sum(event.duplicates), 0))
        ).one()
        without = ~exists().where(report.event_id == event.id)
        untold = connection.execute(
            select(func.count()).select_from(tables.event).where(without)
        ).scalar_one()
        rejects = connection.execute(select(func.count()).select_from(tables.reject)).scalar_one()
        conflicts = connection.execute(
            select(func.count()).select_from(tables.conflict)
        ).scalar_one()
    return Tally(
        {(vendor, kind, state): count for vendor, kind, state, count in rows},
        events,
        untold,
        int(duplicates),
        rejects,
        conflicts,
    )
