"""Telling an unchanged status again: to some vendors silence means that a connector is gone.

Only a connector's newest status goes back to pending, and only while no other report of that
connector waits or is in flight. One that expired unaccepted is told again likewise: the vendor
would otherwise not learn of it before the next change.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, Select, exists, select
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
    stale = _newest(vendor, told_before)
    count, after = 0, ""
    while True:
        subject = tables.connector.c.subject
        window = stale.where(subject > after).order_by(subject).limit(BATCH)
        with reading(engine) as connection:
            subjects = [row.subject for row in connection.execute(window)]
        if subjects:
            count += _put_back(engine, stale, subjects, policy, now)
        if len(subjects) < BATCH:
            return count
        after = subjects[-1]


def _newest(vendor: str, told_before: datetime) -> Select[tuple[str, int]]:
    """The reports to tell again; from the connectors, so that its cost is not that of history."""
    report, connector = tables.report.c, tables.connector.c
    other = tables.report.alias("other")
    another = (
        other.c.vendor == report.vendor,
        other.c.subject == report.subject,
        tables.is_latest_wins(other),
    )
    return (
        select(connector.subject, report.id)
        .join(tables.report, report.event_id == connector.event_id)
        .where(
            report.vendor == vendor,
            report.state.in_(AGAIN),
            report.settled_at < told_before,
            # One for each partial index; joined by OR neither would serve.
            ~exists().where(*another, tables.is_waiting(other)),
            ~exists().where(*another, tables.is_sending(other)),
        )
    )


def _put_back(
    engine: Engine,
    stale: Select[tuple[str, int]],
    subjects: Sequence[str],
    policy: Policy,
    now: datetime,
) -> int:
    """One batch; one that loses a race is left to the next asking."""
    try:
        with writing(engine) as connection:
            _lock(connection, subjects)
            chosen = stale.where(tables.connector.c.subject.in_(subjects))
            rows = connection.execute(
                chosen.order_by(tables.report.c.id).with_for_update(of=tables.report)
            )
            ids = [row.id for row in rows]
            if ids:
                back_to_pending(connection, ids, policy, now, WHY)
    except DBAPIError as error:
        if not passing(error):
            raise
        return 0
    return len(ids)


def _lock(connection: Connection, subjects: Sequence[str]) -> None:
    """The intake takes the same locks in the same order: no newer status comes in between."""
    subject = tables.connector.c.subject
    order = subject.collate("C") if connection.dialect.name == "postgresql" else subject
    locked = select(subject).where(subject.in_(subjects)).order_by(order).with_for_update()
    connection.execute(locked)
