"""What we told a vendor of a day, and what a comparison with the vendor's own records has found."""

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol

from sqlalchemy import Engine, Row, Select, delete, func, literal_column, select, tuple_, update

from worker.events import Event, Kind, parse
from worker.fields import SHANGHAI
from worker.journal import tables
from worker.journal.engine import reading, writing
from worker.journal.reconciliation_tables import difference, reconciliation
from worker.journal.states import State
from worker.wire import NotAnEvent, read_json

log = logging.getLogger(__name__)

BATCH = 1000
AnyRow = Row[*tuple[Any, ...]]
CUT_SHORT = "it was cut short"


class Standing(StrEnum):
    """How far a reconciliation came."""

    RUNNING = "running"
    COMPLETE = "complete"
    INCOMPLETE = "incomplete"


class What(StrEnum):
    """What a difference is.

    missing: told by us, and not at the vendor.
    differing: at the vendor with other amounts.
    unknown: at the vendor, and not known to us as told or heard.
    """

    MISSING = "missing"
    DIFFERING = "differing"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Told:
    """A report of the day, with its event and where it stands."""

    report_id: int
    event: Event
    state: State
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Total:
    """Of one side; an amount is None where it is not known."""

    count: int
    kwh: Decimal | None = None
    yuan: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference, with what is known of it on either side."""

    what: What
    subject: str
    report_id: int | None = None
    ours: Mapping[str, object] | None = None
    theirs: Mapping[str, object] | None = None


class Comparison(Protocol):
    """Both sides of a day."""

    def differences(self) -> Iterator[Difference]:
        """Each difference, once."""

    def ours(self) -> Total:
        """What the vendor must have; asked when all differences are known."""

    def theirs(self) -> Total:
        """What the vendor has; likewise."""


def bounds(day: date) -> tuple[datetime, datetime]:
    """When a day begins and when it is over, in Asia/Shanghai."""
    begins = datetime.combine(day, time(), SHANGHAI)
    return begins, datetime.combine(day + timedelta(days=1), time(), SHANGHAI)


def told(
    engine: Engine,
    vendor: str,
    kind: Kind,
    since: datetime,
    until: datetime,
    *,
    after: int = 0,
    batch: int = BATCH,
) -> Iterator[Sequence[Told]]:
    """Batches of the vendor's reports of what happened between the two.

    Args:
        engine: the journal.
        vendor: whose.
        kind: of event.
        since: the event's own time, from then on.
        until: before then.
        after: only reports with a higher id.
        batch: reports at one time.
    """
    event = tables.event.c
    query = _of_span(engine.dialect.name, vendor, kind, until)
    query = query.where(tables.report.c.id > after).limit(batch)
    rows = _read(engine, query.where(event.occurred_at >= since))
    while rows:
        yield list(_readable(kind, rows))
        if len(rows) < batch:
            return
        last = tuple_(rows[-1].occurred_at, rows[-1].id)
        rows = _read(engine, query.where(tuple_(event.occurred_at, event.id) > last))


def _of_span(dialect: str, vendor: str, kind: Kind, until: datetime) -> Select[*tuple[Any, ...]]:
    event, report = tables.event.c, tables.report.c
    of_kind = event.kind == literal_column(f"'{kind.value}'")  # as the partial index has it
    if dialect == "sqlite":
        of_kind = func.likely(
            of_kind
        )  # it takes an equality for rare, and would read all of a kind
    return (
        select(event.id, event.occurred_at, event.body)
        .add_columns(report.id.label("report_id"), report.state, report.settled_at)
        .join(tables.report, report.event_id == event.id)
        .where(
            of_kind,
            event.occurred_at < until,
            report.vendor == vendor,
        )
        .order_by(event.occurred_at, event.id)
    )


def _readable(kind: Kind, rows: Sequence[AnyRow]) -> Iterator[Told]:
    for row in rows:
        try:
            event = parse(kind, read_json(row.body))
        except NotAnEvent as error:
            log.warning("report %d: the journal's copy cannot be read: %s", row.report_id, error)
            continue
        yield Told(row.report_id, event, State(row.state), row.settled_at)


def told_since(engine: Engine, vendor: str, kind: Kind, since: datetime) -> int:
    """How many reports were told from then on, each as often as it was tried."""
    columns = tables.attempt.c
    query = select(func.coalesce(func.sum(columns.reports), 0)).where(
        columns.vendor == vendor, columns.kind == kind.value, columns.started_at >= since
    )
    with reading(engine) as connection:
        return int(connection.execute(query).scalar_one())


def accepted_of(engine: Engine, report_ids: Sequence[int]) -> list[int]:
    """Those of the reports that are accepted by now."""
    columns = tables.report.c
    query = select(columns.id).where(
        columns.id.in_(report_ids), columns.state == State.ACCEPTED.value
    )
    with reading(engine) as connection:
        return list(connection.execute(query).scalars())


def begin(engine: Engine, vendor: str, kind: Kind, day: date, now: datetime) -> int:
    """Open a reconciliation; one of the same day that still runs was cut short."""
    columns = reconciliation.c
    of_day = (columns.vendor == vendor, columns.kind == kind.value, columns.day == f"{day}")
    row = {
        "vendor": vendor,
        "kind": kind.value,
        "day": f"{day}",
        "state": Standing.RUNNING.value,
        "started_at": now,
    }
    with writing(engine) as connection:
        connection.execute(
            update(reconciliation)
            .where(*of_day, columns.state == Standing.RUNNING.value)
            .values(state=Standing.INCOMPLETE.value, reason=CUT_SHORT, ended_at=now)
        )
        statement = reconciliation.insert().returning(columns.id)
        return int(connection.execute(statement, [row]).scalar_one())


def give_up(engine: Engine, reconciliation_id: int, reason: str, now: datetime) -> None:
    """End it without a result: nothing is called missing."""
    columns = reconciliation.c
    with writing(engine) as connection:
        connection.execute(
            delete(difference).where(difference.c.reconciliation_id == reconciliation_id)
        )
        connection.execute(
            update(reconciliation)
            .where(columns.id == reconciliation_id)
            .values(state=Standing.INCOMPLETE.value, reason=reason, ended_at=now)
        )


def name(engine: Engine, reconciliation_id: int, found: Sequence[Difference]) -> None:
    """Write differences down."""
    rows = [
        {
            "reconciliation_id": reconciliation_id,
            "what": one.what.value,
            "subject": one.subject,
            "report_id": one.report_id,
            "ours": _json(one.ours),
            "theirs": _json(one.theirs),
        }
        for one in found
    ]
    if rows:
        with writing(engine) as connection:
            connection.execute(difference.insert(), rows)


def complete(
    engine: Engine,
    reconciliation_id: int,
    ours: Total,
    theirs: Total,
    counts: Mapping[What, int],
    now: datetime,
) -> None:
    """End it with its totals."""
    columns = reconciliation.c
    with writing(engine) as connection:
        connection.execute(
            update(reconciliation)
            .where(columns.id == reconciliation_id)
            .values(
                state=Standing.COMPLETE.value,
                ended_at=now,
                ours=ours.count,
                ours_kwh=_text(ours.kwh),
                ours_yuan=_text(ours.yuan),
                theirs=theirs.count,
                theirs_kwh=_text(theirs.kwh),
                theirs_yuan=_text(theirs.yuan),
                **{what.value: counts.get(what, 0) for what in What},
            )
        )


def of_day(engine: Engine, vendor: str, kind: Kind, day: date) -> Sequence[AnyRow]:
    """The reconciliations of that day, oldest first."""
    columns = reconciliation.c
    query = select(reconciliation).where(
        columns.vendor == vendor, columns.kind == kind.value, columns.day == f"{day}"
    )
    return _read(engine, query.order_by(columns.id))


def find(engine: Engine, reconciliation_id: int) -> AnyRow | None:
    """One reconciliation; None if there is none of that id."""
    rows = _read(engine, select(reconciliation).where(reconciliation.c.id == reconciliation_id))
    return rows[0] if rows else None


def _read(engine: Engine, query: Select[*tuple[Any, ...]]) -> Sequence[AnyRow]:
    with reading(engine) as connection:
        return connection.execute(query).all()


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"


def _json(content: Mapping[str, object] | None) -> str | None:
    return None if content is None else json.dumps(content, ensure_ascii=False)
