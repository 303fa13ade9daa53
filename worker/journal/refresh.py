"""Telling an unchanged status again: to some vendors silence means that a connector is gone.

Only a connector's newest status goes back to pending, and only while no other report of that
connector waits or is in flight. One that expired unaccepted is told again likewise: the vendor
would otherwise not learn of it before the next change.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Engine, and_, select
from sqlalchemy.exc import DBAPIError

from worker.journal import tables
from worker.journal.engine import passing, reading, writing
from worker.journal.reopen import back_to_pending
from worker.journal.states import FOLLOWS, State
from worker.policies import Policy

BATCH = 500
WHY = "refreshed"
AGAIN = tuple(s for s in (State.ACCEPTED, State.EXPIRED) if State.PENDING in FOLLOWS[s])


def refresh(
    engine: Engine, every_s: Mapping[str, float], policy: Policy, now: datetime
) -> dict[str, int]:
    """Put back what each vendor was told longer ago than it wants; returns how many, by vendor.

    Args:
        engine: the journal.
        every_s: the vendors that want it, with the seconds between two tellings.
        policy: of the connectors' statuses.
        now: the time of asking.
    """
    return {
        vendor: _refresh(engine, vendor, now - timedelta(seconds=wait_s), policy, now)
        for vendor, wait_s in every_s.items()
    }


def _refresh(
    engine: Engine, vendor: str, told_before: datetime, policy: Policy, now: datetime
) -> int:
    report, connector = tables.report.c, tables.connector.c
    stale = and_(report.vendor == vendor, report.state.in_(AGAIN), report.settled_at < told_before)
    # Asked of each connector in turn: the cost is not that of history, whatever the statistics say.
    newest = select(report.id).where(report.event_id == connector.event_id, stale)
    walk = select(connector.subject).where(newest.scalar_subquery().is_not(None))
    walk = walk.order_by(connector.subject).limit(BATCH)
    count, after = 0, ""
    while True:
        with reading(engine) as connection:
            subjects = connection.execute(walk.where(connector.subject > after)).scalars().all()
        if subjects:
            count += _put_back(engine, stale, subjects, policy, now)
        if len(subjects) < BATCH:
            return count
        after = subjects[-1]


def _put_back(
    engine: Engine,
    stale: ColumnElement[bool],
    subjects: Sequence[str],
    policy: Policy,
    now: datetime,
) -> int:
    """One batch; one that loses a race is left to the next asking."""
    report = tables.report.c
    try:
        with writing(engine) as connection:
            chosen = select(report.id).where(
                report.event_id.in_(_lock(connection, subjects)),
                stale,
                tables.one_of_subject(tables.is_waiting).is_(None),
                tables.one_of_subject(tables.is_sending).is_(None),
            )
            ids = connection.execute(chosen.order_by(report.id).with_for_update()).scalars().all()
            back_to_pending(connection, ids, policy, now, WHY)
    except DBAPIError as error:
        if not passing(error):
            raise
        return 0
    return len(ids)


def _lock(connection: Connection, subjects: Sequence[str]) -> Sequence[int]:
    """The connectors' newest events; no newer comes in between.

    The intake takes the same locks in the same order.
    """
    subject = tables.connector.c.subject
    order = subject.collate("C") if connection.dialect.name == "postgresql" else subject
    locked = select(tables.connector.c.event_id).where(subject.in_(subjects))
    return connection.execute(locked.order_by(order).with_for_update()).scalars().all()
