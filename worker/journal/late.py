"""Lanes in which nobody delivers although reports are due."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, or_, select

from worker.events import Kind
from worker.journal import gates, tables
from worker.journal.engine import reading

Lane = tuple[str, Kind]


@dataclass(frozen=True, slots=True)
class Late:
    """A lane, and since when its oldest due report waits."""

    vendor: str
    kind: Kind
    due_at: datetime


def late(
    engine: Engine, lanes: Iterable[tuple[Lane, bool]], now: datetime, stall_s: float
) -> list[Late]:
    """The lanes whose gate is open, with a report long due, nothing in flight and no attempt since.

    Args:
        engine: the journal.
        lanes: those to look at, each with whether it is urgent.
        now: the time of looking.
        stall_s: how long is long.
    """
    before = now - timedelta(seconds=stall_s)
    found = []
    for (vendor, kind), urgent in lanes:
        with reading(engine) as connection:
            due_at = _due_since(connection, vendor, kind, before, now)
            if due_at is None or _at_work(connection, vendor, kind, before, now):
                continue
        if gates.look(engine, vendor, kind, urgent=urgent, now=now).shut is None:
            found.append(Late(vendor, kind, due_at))
    return found


def _due_since(
    connection: Connection, vendor: str, kind: Kind, before: datetime, now: datetime
) -> datetime | None:
    columns = tables.report.c
    query = (
        select(columns.due_at)
        .where(
            columns.vendor == vendor,
            columns.kind == kind.value,
            tables.is_waiting(),
            columns.due_at <= before,
            or_(columns.worth_until.is_(None), columns.worth_until > now),
        )
        .order_by(columns.due_at)
        .limit(1)
    )
    moment: datetime | None = connection.execute(query).scalar()
    return moment


def _at_work(
    connection: Connection, vendor: str, kind: Kind, before: datetime, now: datetime
) -> bool:
    """Whether something is in flight, or an attempt was made since."""
    report, attempt = tables.report.c, tables.attempt.c
    in_flight = select(report.id).where(
        tables.is_sending(),
        report.lease_until > now,
        report.vendor == vendor,
        report.kind == kind.value,
    )
    made = select(attempt.id).where(
        attempt.vendor == vendor, attempt.started_at > before, attempt.kind == kind.value
    )
    return any(connection.execute(q.limit(1)).first() is not None for q in (in_flight, made))
