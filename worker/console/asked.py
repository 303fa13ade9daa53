"""What a page was asked for, read from its address or its form."""

from collections.abc import Mapping
from datetime import UTC, datetime

from starlette.exceptions import HTTPException

from worker.events import Kind
from worker.fields import SHANGHAI
from worker.journal.listings import Filters
from worker.journal.states import State

TIME_FORM = "%Y-%m-%dT%H:%M"


def number(text: str) -> int:
    """A row's id.

    Raises:
        HTTPException: 404, it is none.
    """
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise HTTPException(404, f"There is no number {text[:20]}.")
    return int(text)


def filters(given: Mapping[str, str]) -> Filters:
    """The filters of a form; empty fields ask for everything.

    Raises:
        HTTPException: 400, with the field that cannot be read.
    """
    try:
        return Filters(
            vendor=given.get("vendor") or None,
            kind=Kind(given["kind"]) if given.get("kind") else None,
            states=(State(given["state"]),) if given.get("state") else (),
            subject=(given.get("subject") or "").strip() or None,
            since=moment(given.get("since", "")),
            until=moment(given.get("until", "")),
            report_ids=(number(given["report"]),) if given.get("report") else (),
        )
    except ValueError as fault:
        raise HTTPException(400, f"This cannot be read: {fault}.") from None


def moment(text: str) -> datetime | None:
    """A time as a form has it, in Asia/Shanghai; None when it is empty.

    Raises:
        ValueError: it is no time.
    """
    if not text:
        return None
    found = datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)
    try:
        found.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"no calendar has {text}") from None
    return found
