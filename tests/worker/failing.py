"""What a vendor says it could not process, as tests have it say so, and how it is handled."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import select

from tests.worker.desk import CITY, POLICIES, RECORD, STATUS, WARNING, Desk
from worker.callback import About, Failure, Meaning
from worker.events import ChargeRecord, Event, Kind
from worker.journal import callback_tables as told
from worker.journal import callbacks, failures, tables
from worker.journal.callbacks import Trace
from worker.journal.engine import writing
from worker.journal.failures import State
from worker.vendor import Takes

TAKES = {
    (CITY, STATUS): Takes(pack=12, most_failures=3),
    (CITY, RECORD): Takes(pack=30, look_up=True),
    (CITY, WARNING): Takes(),
}
LOOK_UP_AFTER_S = 60.0
NUMBERS = count()


def about(event: Event) -> About:
    """The event as the platform speaks of it: its connector or device, its second, its status."""
    moment = event.occurred_at.replace(microsecond=0)
    if isinstance(event, ChargeRecord):
        return About(event.kind, event.connector_id or event.device_id or "", moment)
    status = getattr(event, "status", None)
    return About(event.kind, getattr(event, "connector_id", ""), moment, status)


def fail(
    desk: Desk,
    event: Event | None,
    times: int = 1,
    *,
    request_id: str = "R-1",
    vendor: str = CITY,
) -> None:
    """The vendor calls us: that event has failed there so many times."""
    failure = Failure(
        request_id=request_id,
        failures=times,
        vendor_code="401",
        message="权限错误",
        api="/platform/report/chargingMetaInfo",
        about=None if event is None else about(event),
    )
    keep(desk, Meaning(subject=request_id, failure=failure), vendor)


def fail_all(desk: Desk, vendor: str = CITY) -> None:
    """Every report of the vendor has failed there once: written as `fail` leaves it, but faster."""
    columns = tables.report.c
    rows = [
        {
            "vendor": vendor,
            "request_id": f"R-{report_id}",
            "failures": 1,
            "received_at": desk.now,
            "repeats": 0,
            "vendor_code": "401",
            "message": "权限错误",
            "api": "/platform/report/chargingMetaInfoList",
            "body": "{}",
            "report_id": report_id,
            "state": State.WAITING,
        }
        for (report_id,) in desk.rows(
            select(columns.id).where(columns.vendor == vendor).order_by(columns.id)
        )
    ]
    with writing(desk.engine) as connection:
        connection.execute(told.failed_report.insert(), rows)


def keep(desk: Desk, meaning: Meaning, vendor: str = CITY) -> None:
    trace = Trace(vendor, "report-failure", desk.now, "{}", fingerprint=f"call-{next(NUMBERS)}")
    callbacks.keep(desk.engine, trace, meaning, [], desk.now)


def handle(desk: Desk, takes: Mapping[tuple[str, Kind], Takes] = TAKES) -> int:
    """What the clock does with the failed reports that wait."""
    return failures.replay(desk.engine, takes, POLICIES, desk.now, look_up_after_s=LOOK_UP_AFTER_S)


def failed(desk: Desk) -> list[Any]:
    return desk.all(told.failed_report)


def fates(desk: Desk) -> list[State]:
    """What became of each failed report, oldest first."""
    return [State(row.state) for row in failed(desk)]


def report(desk: Desk, number: int = 1) -> Any:  # noqa: ANN401 a row is what it is
    (row,) = desk.rows(select(tables.report).where(tables.report.c.id == number))
    return row


def later(moment: datetime, seconds: float) -> datetime:
    return moment + timedelta(seconds=seconds)
