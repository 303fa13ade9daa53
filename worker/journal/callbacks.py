"""Keeping what a vendor told us by calling us: one transaction, committed before the answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, Engine, Select, func, select, update

from worker.callback import Failure, Meaning
from worker.events import Event
from worker.journal import arrivals, samples, tables
from worker.journal import callback_tables as told
from worker.journal.arrivals import Arrival
from worker.journal.engine import insert, reading, writing
from worker.journal.failures import State


class Fate(StrEnum):
    """What became of a callback.

    taken: kept, with what it brings.
    repeated: this very call was taken before; nothing else happened.
    known: another call has brought the same before; nothing else happened.
    overtaken: a newer one of its kind was taken before.
    refused: not the vendor's, or not to be read.
    """

    TAKEN = "taken"
    REPEATED = "repeated"
    KNOWN = "known"
    OVERTAKEN = "overtaken"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Trace:
    """What is kept of every callback.

    Attributes:
        body: as it came, capped, with secrets masked.
        fingerprint: unique for what must not be taken twice; None where repetitions look alike.
    """

    vendor: str
    name: str
    received_at: datetime
    body: str
    fingerprint: str | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of a callback, and the past event that it asked for."""

    fate: Fate
    sample: Event | None = None


def keep(
    engine: Engine, trace: Trace, meaning: Meaning, events: Sequence[Arrival], now: datetime
) -> Kept:
    """Write a callback down with all that it brings, or nothing of it.

    Args:
        engine: the journal.
        trace: what is kept of it.
        meaning: what it brings.
        events: those of the meaning, checked.
        now: the time of writing.
    """
    with writing(engine) as connection:
        fate = _fate(connection, trace, meaning)
        if not _write(connection, trace, meaning, fate):
            return Kept(Fate.REPEATED)
        if fate is not Fate.TAKEN:
            return Kept(fate)
        arrivals.bring(connection, trace.vendor, events, now)
        if meaning.failure is not None:
            _keep_failure(connection, trace, meaning.failure, now)
        if meaning.sample is None:
            return Kept(fate)
        found = samples.find(connection, trace.vendor, meaning.sample)
        return Kept(fate, None if found is None else found.event)


def note(engine: Engine, trace: Trace, fate: Fate, http_status: int, reason: str) -> None:
    """Leave a trace of a callback that brought nothing."""
    row = _row(trace, fate, http_status, reason)
    with writing(engine) as connection:
        connection.execute(told.callback.insert(), [row | {"fingerprint": None}])


def first_taken(engine: Engine, vendor: str, name: str, subject: str) -> datetime | None:
    """When such a callback was first taken; None if it never was."""
    columns = told.callback.c
    query = _taken(vendor, name, subject).with_only_columns(func.min(columns.received_at))
    with reading(engine) as connection:
        moment: datetime | None = connection.execute(query).scalar()
    return moment


def _fate(connection: Connection, trace: Trace, meaning: Meaning) -> Fate:
    columns = told.callback.c
    known = _taken(trace.vendor, trace.name, meaning.subject)
    if meaning.once and connection.execute(known.limit(1)).first() is not None:
        return Fate.KNOWN
    if meaning.told_at is not None:
        newer = known.where(columns.told_at >= meaning.told_at).limit(1)
        if connection.execute(newer).first() is not None:
            return Fate.OVERTAKEN
    return Fate.TAKEN


def _taken(vendor: str, name: str, subject: str | None) -> Select[tuple[int]]:
    columns = told.callback.c
    return select(columns.id).where(
        columns.vendor == vendor,
        columns.name == name,
        columns.subject == subject,
        columns.outcome == Fate.TAKEN.value,
    )


def _write(connection: Connection, trace: Trace, meaning: Meaning, fate: Fate) -> bool:
    """Whether it is the first of its fingerprint; the row is written then."""
    row = _row(trace, fate, 200, meaning.reason)
    row |= {"subject": meaning.subject, "told_at": meaning.told_at}
    statement = insert(connection, told.callback).on_conflict_do_nothing(
        index_elements=["vendor", "fingerprint"]
    )
    written = connection.execute(statement.returning(told.callback.c.id), [row]).first()
    return written is not None


def _row(trace: Trace, fate: Fate, http_status: int, reason: str) -> dict[str, object]:
    return {
        "vendor": trace.vendor,
        "name": trace.name,
        "received_at": trace.received_at,
        "outcome": fate.value,
        "http_status": http_status,
        "reason": reason,
        "fingerprint": trace.fingerprint,
        "body": trace.body,
    }


def _keep_failure(connection: Connection, trace: Trace, failure: Failure, now: datetime) -> None:
    """One row for each failure of an item, however often we are told of it."""
    found = failure.about and samples.find(connection, trace.vendor, failure.about)
    report_id = found.report_id if found else None
    link = tables.attempt_report.c
    attempts = select(func.max(link.attempt_id)).where(link.report_id == report_id)
    row = {
        "vendor": trace.vendor,
        "request_id": failure.request_id,
        "failures": failure.failures,
        "received_at": now,
        "repeats": 0,
        "vendor_code": failure.vendor_code,
        "message": failure.message,
        "api": failure.api,
        "body": trace.body,
        "report_id": report_id,
        "attempt_id": connection.execute(attempts).scalar() if found else None,
        "state": State.WAITING if found else State.UNMATCHED,
        "reason": None if found else "no report of ours is what the vendor speaks of",
    }
    columns = told.failed_report.c
    statement = insert(connection, told.failed_report).on_conflict_do_nothing(
        index_elements=["vendor", "request_id", "failures"]
    )
    if connection.execute(statement.returning(columns.id), [row]).first() is None:
        connection.execute(
            update(told.failed_report)
            .where(
                columns.vendor == trace.vendor,
                columns.request_id == failure.request_id,
                columns.failures == failure.failures,
            )
            .values(repeats=columns.repeats + 1)
        )
