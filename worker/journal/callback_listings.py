"""What a person asks about the vendors' calls: rows picked by filters, newest first."""

from collections.abc import Iterator

from sqlalchemy import Engine, RowMapping, select

from worker.journal import callback_tables as told
from worker.journal import tables
from worker.journal.listings import Filters, between, newest_first, of_reports


def callbacks(
    engine: Engine, filters: Filters, *, outcome: str | None = None, limit: int
) -> Iterator[RowMapping]:
    """Callbacks by vendor, subject, time and outcome; a limit of 0 means all."""
    columns = told.callback.c
    conditions = between(columns.received_at, filters)
    if filters.vendor is not None:
        conditions.append(columns.vendor == filters.vendor)
    if filters.subject is not None:
        conditions.append(columns.subject == filters.subject)
    if outcome is not None:
        conditions.append(columns.outcome == outcome)
    query = select(told.callback).where(*conditions)
    return newest_first(engine, told.callback, query, limit)


def failed_reports(
    engine: Engine,
    filters: Filters,
    *,
    report_id: int | None = None,
    state: str | None = None,
    limit: int,
) -> Iterator[RowMapping]:
    """Failed reports by vendor, subject of their report, time and state.

    Each row has its report's kind, subject and state as `kind`, `subject` and `report_state`.
    """
    columns, report = told.failed_report.c, tables.report.c
    conditions = between(columns.received_at, filters)
    if filters.vendor is not None:
        conditions.append(columns.vendor == filters.vendor)
    if report_id is not None:
        conditions.append(columns.report_id == report_id)
    if state is not None:
        conditions.append(columns.state == state)
    if filters.subject is not None:
        about = select(report.id).where(*of_reports(Filters(subject=filters.subject)))
        conditions.append(columns.report_id.in_(about))
    query = (
        select(told.failed_report, report.kind, report.subject, report.state.label("report_state"))
        .outerjoin(tables.report, report.id == columns.report_id)
        .where(*conditions)
    )
    return newest_first(engine, told.failed_report, query, limit)
