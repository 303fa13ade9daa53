"""Failed reports: what a vendor could not process goes out again, while it still takes it."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    Select,
    and_,
    func,
    literal_column,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.exc import DBAPIError

from worker.events import Kind
from worker.journal import callback_tables as told
from worker.journal import states, tables
from worker.journal.engine import passing, reading, writing
from worker.journal.reopen import back_to_pending, lock_connectors, no_longer_newest
from worker.policies import Policy
from worker.vendor import Takes

log = logging.getLogger(__name__)

BATCH = 100
MOST_LOOK_UPS = 3
WHY = "the vendor could not process it"


class State(StrEnum):
    """What became of a failed report.

    waiting: not looked at yet, or its report is being sent right now.
    replayed: its report goes out again, under the vendor's id.
    looked-up: the vendor has no call to report it again; its report is looked up there first.
    held: neither is possible; its report waits for a person.
    given-up: the vendor takes no further try.
    overtaken: a newer status of its connector is known, or a later failure of the same item.
    unmatched: no report of ours is what the vendor speaks of.
    """

    WAITING = "waiting"
    REPLAYED = "replayed"
    LOOKED_UP = "looked-up"
    HELD = "held"
    GIVEN_UP = "given-up"
    OVERTAKEN = "overtaken"
    UNMATCHED = "unmatched"


def replay(
    engine: Engine,
    takes: Mapping[tuple[str, Kind], Takes],
    policies: Mapping[Kind, Policy],
    now: datetime,
    *,
    look_up_after_s: float,
) -> int:
    """Handle the failed reports that wait, each in a transaction; returns how many.

    What loses a race, whose report is in flight, or whose vendor is not configured, waits on.
    """
    with reading(engine) as connection:
        ids = connection.execute(_ready(takes)).scalars().all()
    handled = 0
    for failed_id in ids:
        try:
            with writing(engine) as connection:
                done = _handle(connection, failed_id, takes, policies, now, look_up_after_s)
        except DBAPIError as error:
            if not passing(error):
                raise
            continue
        if done is not None:
            handled += 1
            log.info("a failed report: %s", done["state"], extra={"fields": done})
    return handled


def _ready(takes: Mapping[tuple[str, Kind], Takes]) -> Select[int]:
    """Those that need not wait on: what must wait takes no place from the others."""
    failed, report = told.failed_report.c, tables.report.c
    gone = and_(report.id.is_(None), failed.vendor.in_({vendor for vendor, _ in takes}))
    lanes = [(vendor, kind.value) for vendor, kind in takes]
    at_rest = and_(
        tuple_(failed.vendor, report.kind).in_(lanes), report.state != states.State.SENDING
    )
    return (
        select(failed.id)
        .outerjoin(tables.report, report.id == failed.report_id)
        .where(_is_waiting(), or_(gone, at_rest))
        .order_by(failed.id)
        .limit(BATCH)
    )


def _is_waiting() -> ColumnElement[bool]:
    # Written as the partial index writes it.
    return told.failed_report.c.state == literal_column("'waiting'")


def _handle(
    connection: Connection,
    failed_id: int,
    takes: Mapping[tuple[str, Kind], Takes],
    policies: Mapping[Kind, Policy],
    now: datetime,
    look_up_after_s: float,
) -> Mapping[str, object] | None:
    """Returns what is to be said of it; None where it waits on."""
    columns = told.failed_report.c
    failed = connection.execute(
        select(told.failed_report)
        .where(columns.id == failed_id, _is_waiting())
        .with_for_update(skip_locked=True)
    ).first()
    if failed is None:
        return None
    report = _report(connection, failed.report_id)
    if report is None:
        return _settle(connection, failed, State.UNMATCHED, "its report is no longer kept", now)
    kind = Kind(report.kind)
    system = takes.get((failed.vendor, kind))
    if system is None or report.state == states.State.SENDING:
        return None
    state, reason = _fate(connection, failed, report, system)
    match state:
        case State.REPLAYED:
            back_to_pending(connection, [report.id], policies[kind], now, WHY)
            _change(connection, report.id, vendor_ref=failed.request_id)
        case State.LOOKED_UP:
            due_at = now + timedelta(seconds=look_up_after_s)
            _change(connection, report.id, states.State.UNCLEAR, due_at=due_at, tries=0)
        case State.HELD | State.GIVEN_UP if report.state != states.State.SUPERSEDED:
            _put_aside(connection, failed, report.id, state, now)
    about = {"reports": [report.id], "events": [report.event_id], "subjects": [report.subject]}
    return {**_settle(connection, failed, state, reason, now), **about}


def _put_aside(
    connection: Connection, failed: Row[Any], report_id: int, state: State, now: datetime
) -> None:
    """Held for a person, or given up; in both the vendor's words are the reason."""
    said = f"{failed.vendor_code} {failed.message}".strip()
    if state is State.HELD:
        _change(connection, report_id, states.State.HELD, reason=said, settled_at=now)
    else:
        said = f"given up after {failed.failures} failures: {said}"
        _change(connection, report_id, states.State.GIVEN_UP, reason=said, settled_at=now)


def _report(connection: Connection, report_id: int) -> Row[Any] | None:
    """The report, locked in the intake's order."""
    lock_connectors(connection, [report_id])
    columns = tables.report.c
    return connection.execute(
        select(columns.id, columns.event_id, columns.subject, columns.kind, columns.state)
        .add_columns(no_longer_newest().label("overtaken"))
        .where(columns.id == report_id)
        .with_for_update(of=tables.report)
    ).first()


def _fate(
    connection: Connection, failed: Row[Any], report: Row[Any], system: Takes
) -> tuple[State, str | None]:
    if system.most_failures is not None and failed.failures >= system.most_failures:
        return State.GIVEN_UP, f"the vendor takes at most {system.most_failures} failures"
    if _of_the_item(connection, failed, told.failed_report.c.failures > failed.failures):
        return State.OVERTAKEN, "a later failure of the same item is known"
    if report.overtaken or report.state == states.State.SUPERSEDED:
        return State.OVERTAKEN, "a newer status of its connector is known"
    if report.state == states.State.GIVEN_UP:
        return State.GIVEN_UP, "given up before"
    if system.most_failures is not None:
        return State.REPLAYED, "reported again under the vendor's id"
    if system.look_up and _times_looked_up(connection, report.id) < MOST_LOOK_UPS:
        return State.LOOKED_UP, "looked up at the vendor, and sent again if it is not there"
    return State.HELD, "the vendor has no call to report it again"


def _of_the_item(connection: Connection, failed: Row[Any], more: ColumnElement[bool]) -> bool:
    columns = told.failed_report.c
    same = select(columns.id).where(
        columns.vendor == failed.vendor, columns.request_id == failed.request_id, more
    )
    return connection.execute(same.limit(1)).first() is not None


def _times_looked_up(connection: Connection, report_id: int) -> int:
    columns = told.failed_report.c
    looked = select(func.count()).where(
        columns.report_id == report_id, columns.state == State.LOOKED_UP
    )
    return int(connection.execute(looked).scalar_one())


def _change(
    connection: Connection, report_id: int, state: states.State | None = None, **values: object
) -> None:
    if state is not None:
        values |= {"state": state, "vendor_ref": None}
    if state is states.State.UNCLEAR:
        values |= {"settled_at": None, "reason": WHY}
    connection.execute(
        update(tables.report).where(tables.report.c.id == report_id).values(**values)
    )


def _settle(
    connection: Connection, failed: Row[Any], state: State, reason: str | None, now: datetime
) -> Mapping[str, object]:
    connection.execute(
        update(told.failed_report)
        .where(told.failed_report.c.id == failed.id)
        .values(state=state, reason=reason, handled_at=now)
    )
    return {
        "vendor": failed.vendor,
        "failed_report": failed.id,
        "vendor_ref": failed.request_id,
        "state": state.value,
        "reason": reason,
    }
