"""What a person asks of the journal: rows picked by filters, newest first, in bounded memory.

Rows are read by pages, each in a transaction of its own: a listing that somebody pages through for
an hour holds nothing up, on either database. A row is shown at most once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Engine, RowMapping, Select, Table, select

from worker.events import Kind
from worker.journal import tables
from worker.journal.engine import reading
from worker.journal.states import State

PAGE = 1000


@dataclass(frozen=True, slots=True)
class Filters:
    """What is asked for; None and () ask for everything.

    Attributes:
        since: from this time of the row's making on.
        until: before that time.
        report_ids: of reports.
    """

    vendor: str | None = None
    kind: Kind | None = None
    states: tuple[State, ...] = ()
    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    report_ids: tuple[int, ...] = ()

    @property
    def everything(self) -> bool:
        """Whether nothing is filtered."""
        return self == Filters()


def reports(engine: Engine, filters: Filters, *, limit: int) -> Iterator[RowMapping]:
    """Reports, newest first; a limit of 0 means all."""
    query = select(tables.report).where(*of_reports(filters))
    return newest_first(engine, tables.report, query, limit)


def of_reports(filters: Filters) -> list[ColumnElement[bool]]:
    """The conditions on the report table."""
    columns = tables.report.c
    conditions = between(columns.created_at, filters)
    if filters.vendor is not None:
        conditions.append(columns.vendor == filters.vendor)
    if filters.kind is not None:
        conditions.append(columns.kind == filters.kind.value)
    if filters.states:
        conditions.append(columns.state.in_([state.value for state in filters.states]))
    if filters.subject is not None:
        # Over the event, whose index knows the subjects.
        about = select(tables.event.c.id).where(*_of_events(filters))
        conditions.append(columns.event_id.in_(about))
    if filters.report_ids:
        conditions.append(columns.id.in_(filters.report_ids))
    return conditions


def events(engine: Engine, filters: Filters, *, limit: int) -> Iterator[RowMapping]:
    """Events by kind, subject and time of intake."""
    conditions = between(tables.event.c.received_at, filters) + _of_events(filters)
    query = select(tables.event).where(*conditions)
    return newest_first(engine, tables.event, query, limit)


def attempts(
    engine: Engine,
    filters: Filters,
    *,
    report_id: int | None = None,
    outcome: str | None = None,
    limit: int,
) -> Iterator[RowMapping]:
    """Attempts by vendor, kind, subject, outcome and time; with a report's id only those of it."""
    columns, link = tables.attempt.c, tables.attempt_report.c
    conditions = between(columns.started_at, filters)
    if filters.vendor is not None:
        conditions.append(columns.vendor == filters.vendor)
    if filters.kind is not None:
        conditions.append(columns.kind == filters.kind.value)
    if outcome is not None:
        conditions.append(columns.outcome == outcome)
    if report_id is not None:
        carried = select(link.attempt_id).where(link.report_id == report_id)
        conditions.append(columns.id.in_(carried))
    if filters.subject is not None:
        about = of_reports(Filters(subject=filters.subject))
        carried = select(link.attempt_id).join(tables.report, tables.report.c.id == link.report_id)
        conditions.append(columns.id.in_(carried.where(*about)))
    query = select(tables.attempt).where(*conditions)
    return newest_first(engine, tables.attempt, query, limit)


def rejects(
    engine: Engine, filters: Filters, *, kept: bool = False, limit: int
) -> Iterator[RowMapping]:
    """Rejects by queue, which is named after its kind, and time; `kept`: not put back."""
    columns = tables.reject.c
    conditions = between(columns.received_at, filters)
    if filters.kind is not None:
        conditions.append(columns.queue == filters.kind.value)
    if kept:
        conditions.append(columns.put_back_at.is_(None))
    query = select(tables.reject).where(*conditions)
    return newest_first(engine, tables.reject, query, limit)


def conflicts(
    engine: Engine, filters: Filters, *, undecided: bool = False, limit: int
) -> Iterator[RowMapping]:
    """Conflicts by kind, subject and time, each with its event's body as `event_body`."""
    columns = tables.conflict.c
    conditions = between(columns.received_at, filters)
    if filters.kind is not None:
        conditions.append(columns.kind == filters.kind.value)
    if filters.subject is not None:
        conditions.append(columns.subject == filters.subject)
    if undecided:
        conditions.append(columns.decision.is_(None))
    query = (
        select(tables.conflict, tables.event.c.body.label("event_body"))
        .join(tables.event, tables.event.c.id == columns.event_id)
        .where(*conditions)
    )
    return newest_first(engine, tables.conflict, query, limit)


def _of_events(filters: Filters) -> list[ColumnElement[bool]]:
    columns = tables.event.c
    if filters.subject is None:
        return [] if filters.kind is None else [columns.kind == filters.kind.value]
    kinds = [filters.kind] if filters.kind is not None else list(Kind)
    return [columns.kind.in_([kind.value for kind in kinds]), columns.subject == filters.subject]


def between(column: ColumnElement[datetime], filters: Filters) -> list[ColumnElement[bool]]:
    """The conditions that the filters' times set on a column."""
    conditions = []
    if filters.since is not None:
        conditions.append(column >= filters.since)
    if filters.until is not None:
        conditions.append(column < filters.until)
    return conditions


def newest_first(
    engine: Engine, table: Table, query: Select[*tuple[Any, ...]], limit: int
) -> Iterator[RowMapping]:
    """The rows of a query over a table that counts, page by page; a limit of 0 means all."""
    query = query.order_by(table.c.id.desc())
    left, page = limit, query
    while True:
        size = min(PAGE, left) if limit else PAGE
        with reading(engine) as connection:
            rows = connection.execute(page.limit(size)).mappings().all()
        yield from rows
        left -= len(rows)
        if len(rows) < size or (limit and not left):
            return
        page = query.where(table.c.id < rows[-1]["id"])
