"""What a table can be narrowed down to."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqladmin.filters import StaticValuesFilter
from sqlalchemy import Select
from starlette.requests import Request

from worker.console.desk import desk

HOURS = {"1": "the last hour", "24": "the last day", "168": "the last week"}
Choice = tuple[str, str]
ALL = ("__all", "All")


class OneOf(StaticValuesFilter):
    """A column's words."""

    def __init__(self, column: str, words: Iterable[str]) -> None:
        super().__init__(column, [(str(word), str(word)) for word in words])


class OfVendor(OneOf):
    """The vendors of the deployment."""

    def __init__(self, column: str) -> None:
        super().__init__(column, ())

    async def lookups(self, request: Request, model: Any, run_query: Any) -> list[Choice]:  # noqa: ANN401 as the base
        """Their names."""
        return [ALL, *((name, name) for name in sorted(desk(request).parts.roster.vendors))]


class Lately(StaticValuesFilter):
    """Rows of the last hour, day or week."""

    def __init__(self, column: str) -> None:
        super().__init__(column, list(HOURS.items()), title="Time", parameter_name="hours")

    async def get_filtered_query(self, query: Select[Any], value: Any, model: Any) -> Select[Any]:  # noqa: ANN401 as the base
        """The rows of a span."""
        if value not in HOURS:
            return query
        since = datetime.now(UTC) - timedelta(hours=int(value))
        return query.where(getattr(model, str(self.column)) >= since)
