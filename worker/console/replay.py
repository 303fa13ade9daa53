"""Sending reports once more: chosen by a form, shown with what it would do, and then done."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqladmin import BaseView, expose
from sqladmin.flash import Flash
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from worker import preview
from worker.acts import why_no_replay
from worker.console import asked
from worker.console.desk import Desk, acts, desk
from worker.events import Kind
from worker.journal import replay as journal
from worker.journal.clock import time_of
from worker.journal.states import State

FIELDS = ("vendor", "kind", "state", "subject", "since", "until", "report", "again")
REPLAYED_FROM = (State.REFUSED, State.HELD, State.GIVEN_UP, State.EXPIRED, State.UNCLEAR)


class Replay(BaseView):
    """Form, preview, act."""

    name = "Replay"
    icon = "fa-solid fa-rotate-right"

    @expose("/replay", methods=["GET", "POST"])
    async def replay(self, request: Request) -> Response:
        """With GET what would be done, with POST it is done."""
        form = request.query_params if request.method == "GET" else await request.form()
        given = {name: str(form[name]).strip() for name in FIELDS if form.get(name)}
        if request.method == "POST":
            said = await run_in_threadpool(_do, request, given, str(form.get("asked_at", "")))
            Flash.success(request, said)
            return RedirectResponse(request.url_for("admin:view-replay"), 303)
        shown = await run_in_threadpool(_planned, desk(request), given) if given else {}
        form_of = {
            "title": "Replay",
            "subtitle": "Reports sent once more",
            "given": given,
            "kinds": list(Kind),
            "states": [*REPLAYED_FROM, State.PENDING, State.ACCEPTED],
            "vendors": sorted(desk(request).parts.roster.vendors),
        }
        page = form_of | shown
        return await self.templates.TemplateResponse(request, "console/replay.html", page)


def _planned(desk: Desk, given: Mapping[str, str]) -> dict[str, Any]:
    """What would be done, or why nothing can be."""
    filters, again = asked.filters(given), "again" in given
    if filters.everything:
        return {"fault": "Which reports? Fill in at least one field."}
    if why_not := why_no_replay(filters, again=again):
        return {"fault": why_not.replace("--again", "“also what was accepted”")}
    parts = desk.parts
    now = time_of(parts.engine)
    counts = journal.plan(parts.engine, filters, again=again)
    return {
        "rows": list(preview.rows(counts)),
        "words": preview.WORDS,
        "count": preview.replayed(counts),
        "told": preview.told(counts, parts.settings.replay_per_s, dry_run=True),
        "dangers": list(preview.dangers(counts)),
        "asked_at": now.isoformat(),
    }


def _do(request: Request, given: Mapping[str, str], asked_at: str) -> str:
    """Do what the preview showed; what was accepted since then is not told again.

    Raises:
        HTTPException: 400, nobody was shown a preview of it.
    """
    filters, again = asked.filters(given), "again" in given
    if filters.everything or why_no_replay(filters, again=again):
        raise HTTPException(400, "Ask for a preview first.")
    shown_at = _time(asked_at)
    per_s = desk(request).parts.settings.replay_per_s
    done = acts(request).replay(filters, again=again, per_s=per_s, asked_at=shown_at)
    return preview.told(done, per_s, dry_run=False)


def _time(text: str) -> datetime:
    """When the preview was made, as its page says.

    Raises:
        HTTPException: 400, it says nothing of the kind.
    """
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise HTTPException(400, "Ask for a preview first.") from None
