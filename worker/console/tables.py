"""The journal's tables to look through; nothing in them can be changed from here."""

from datetime import datetime
from typing import Any, ClassVar

from markupsafe import Markup
from sqladmin import ModelView
from sqlalchemy import Select, false, func, or_, select
from starlette.requests import Request

from worker.console.asked import number
from worker.console.choices import Lately, OfVendor, OneOf
from worker.console.shown import masked, text_of
from worker.events import Kind
from worker.journal import failures
from worker.journal.audit import AuditRow
from worker.journal.callback_tables import CallbackRow, FailedReportRow
from worker.journal.listings import Filters, of_reports
from worker.journal.reconciliation_tables import ReconciliationRow
from worker.journal.states import State
from worker.journal.tables import AttemptRow, ConflictRow, EventRow, RejectRow, ReportRow
from worker.wording import local

MOST_COUNTED = 10_000
OUTCOMES = ("accepted", "refused", "try-later", "unclear")
CALLED = ("taken", "repeated", "known", "overtaken", "refused")


class Table(ModelView):
    """Newest first; rows beyond `MOST_COUNTED` are found by search and filter."""

    category = "Journal"
    category_icon = "fa-solid fa-book"
    can_create = can_edit = can_delete = can_export = False
    list_template = "console/table.html"
    details_template = "console/row.html"
    most_counted = MOST_COUNTED
    page_size = 25
    page_size_options: ClassVar[list[int]] = [25, 50, 100, 200]
    column_default_sort = ("id", True)
    column_type_formatters: ClassVar[dict[type, Any]] = {
        datetime: local,
        str: masked,
        bytes: text_of,
        type(None): lambda _value: "",
    }

    async def count(self, request: Request, stmt: Select[Any] | None = None) -> int:
        """How many rows there are to page through; to count millions would take seconds."""
        if stmt is not None:
            (chosen,) = stmt.get_final_froms()
            few = select(chosen.c.id).limit(MOST_COUNTED).subquery()
            stmt = select(func.count()).select_from(few)
        return await super().count(request, stmt)

    def search_query(self, stmt: Select[Any], term: str) -> Select[Any]:
        """The whole of a value: what a part of one would find, it would find in minutes."""
        columns = (getattr(self.model, name) for name in self._search_fields)
        return stmt.where(or_(false(), *(column == term.strip() for column in columns)))

    def details_query(self, request: Request) -> Select[Any]:
        """The row of a number."""
        row = number(request.path_params["pk"])
        return select(self.model).where(self.pk_columns[0] == row)


def _link(page: str) -> Any:  # noqa: ANN401 as the library takes it
    """A cell that leads to a page of that row."""

    def link(row: Any, name: str, request: Request) -> Markup:  # noqa: ANN401 of any model
        value = getattr(row, name)
        if value is None:
            return Markup("")
        address = request.url_for(f"admin:view-{page}", number=value).path
        return Markup('<a href="{}">{}</a>').format(address, value)

    return link


REPORT, STORY = _link("report"), _link("story")


class Reports(Table, model=ReportRow):
    """One event for one vendor."""

    name, name_plural, icon = "Report", "Reports", "fa-solid fa-paper-plane"
    column_list = ("id", "vendor", "kind", "subject", "state", "tries", "created_at", "reason")
    column_searchable_list = ("subject",)
    column_filters = (
        OfVendor("vendor"),
        OneOf("kind", Kind),
        OneOf("state", State),
        Lately("created_at"),
    )
    column_formatters: ClassVar[Any] = {"id": REPORT}
    column_formatters_detail: ClassVar[Any] = {"id": REPORT}

    def search_query(self, stmt: Select[Any], term: str) -> Select[Any]:
        """Over the event, whose index knows the subjects."""
        return stmt.where(*of_reports(Filters(subject=term.strip())))


class Events(Table, model=EventRow):
    """What happened at a charger."""

    name, name_plural, icon = "Event", "Events", "fa-solid fa-bolt"
    column_list = ("id", "kind", "subject", "occurred_at", "received_at", "duplicates")
    column_searchable_list = ("subject",)
    column_filters = (OneOf("kind", Kind), Lately("received_at"))
    column_formatters: ClassVar[Any] = {"id": STORY}
    column_formatters_detail: ClassVar[Any] = {"id": STORY}


class Attempts(Table, model=AttemptRow):
    """One HTTP request and its answer."""

    name, name_plural, icon = "Attempt", "Attempts", "fa-solid fa-right-left"
    column_list = (
        "id",
        "vendor",
        "kind",
        "started_at",
        "duration_ms",
        "http_status",
        "outcome",
        "reports",
        "reason",
    )
    column_filters = (
        OfVendor("vendor"),
        OneOf("kind", Kind),
        OneOf("outcome", OUTCOMES),
        Lately("started_at"),
    )


class FailedReports(Table, model=FailedReportRow):
    """What a vendor could not process."""

    name, name_plural, icon = "Failed report", "Failed reports", "fa-solid fa-circle-xmark"
    column_list = ("id", "vendor", "received_at", "report_id", "failures", "state", "message")
    column_searchable_list = ("request_id",)
    column_filters = (
        OfVendor("vendor"),
        OneOf("state", failures.State),
        Lately("received_at"),
    )
    column_formatters: ClassVar[Any] = {"report_id": REPORT}
    column_formatters_detail: ClassVar[Any] = {"report_id": REPORT}


class Calls(Table, model=CallbackRow):
    """A call of a vendor."""

    name, name_plural, icon = "Call", "Calls of vendors", "fa-solid fa-phone"
    column_list = ("id", "vendor", "name", "received_at", "outcome", "http_status", "reason")
    column_searchable_list = ("subject",)
    column_filters = (OfVendor("vendor"), OneOf("outcome", CALLED), Lately("received_at"))


class Rejects(Table, model=RejectRow):
    """An item of a queue that could not be read."""

    name, name_plural, icon = "Reject", "Rejects", "fa-solid fa-ban"
    column_list = ("id", "queue", "received_at", "reason", "raw_bytes", "put_back_at")
    column_filters = (OneOf("queue", Kind), Lately("received_at"))


class Conflicts(Table, model=ConflictRow):
    """An event that came again with other content."""

    name, name_plural, icon = "Conflict", "Conflicts", "fa-solid fa-code-compare"
    column_list = ("id", "kind", "subject", "received_at", "repeats", "decision", "event_id")
    column_searchable_list = ("subject",)
    column_filters = (OneOf("kind", Kind), Lately("received_at"))
    column_formatters: ClassVar[Any] = {"event_id": STORY}
    column_formatters_detail: ClassVar[Any] = {"event_id": STORY}


class Reconciliations(Table, model=ReconciliationRow):
    """What a vendor has of a day, beside what it was told."""

    name, name_plural, icon = "Reconciliation", "Reconciliations", "fa-solid fa-equals"
    column_list = (
        "id",
        "vendor",
        "kind",
        "day",
        "state",
        "ours",
        "theirs",
        "missing",
        "differing",
        "unknown",
        "reason",
    )
    column_filters = (OfVendor("vendor"),)


class Audit(Table, model=AuditRow):
    """Who asked for what."""

    name, name_plural, icon = "Act", "Audit", "fa-solid fa-user-check"
    column_list = ("id", "asked_at", "who", "act", "asked", "result")
    column_searchable_list = ("who",)
    column_filters = (Lately("asked_at"),)


TABLES = (
    Reports,
    Events,
    Attempts,
    FailedReports,
    Calls,
    Rejects,
    Conflicts,
    Reconciliations,
    Audit,
)
