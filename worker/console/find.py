"""Finding one order, and its whole story."""

from typing import Any

from sqladmin import BaseView, expose
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from worker.console import asked
from worker.console.desk import desk
from worker.console.shown import masked
from worker.events import Kind
from worker.journal import story as journal

MOST = 50


class Find(BaseView):
    """Search by order, connector or time; one event's story."""

    name = "Find"
    icon = "fa-solid fa-magnifying-glass"

    @expose("/find")
    async def find(self, request: Request) -> Response:
        """Events and how their reports stand; without a question only the form."""
        given = dict(request.query_params)
        term = given.get("term", "").strip()
        shown: dict[str, Any] = {"title": "Find", "given": given, "kinds": list(Kind)}
        if any(given.values()):
            filters = asked.filters({**given, "subject": ""})
            engine = desk(request).parts.engine
            events = await run_in_threadpool(journal.find, engine, term, filters, limit=MOST)
            reports = await run_in_threadpool(journal.reports_of, engine, events)
            shown |= {"events": events, "reports": reports, "most": MOST}
        return await self.templates.TemplateResponse(request, "console/find.html", shown)

    @expose("/story/{number}")
    async def story(self, request: Request) -> Response:
        """An event, its reports with their attempts, and what contradicts it."""
        event = asked.number(request.path_params["number"])
        found = await run_in_threadpool(journal.story, desk(request).parts.engine, event)
        if found is None:
            raise HTTPException(404, f"There is no event {event}; it may have been pruned.")
        title = masked(found.event["subject"])
        shown = {"title": title, "subtitle": found.event["kind"], "story": found}
        return await self.templates.TemplateResponse(request, "console/story.html", shown)

    @expose("/report/{number}")
    async def report(self, request: Request) -> Response:
        """The story of a report's event, at the report."""
        report = asked.number(request.path_params["number"])
        event = await run_in_threadpool(journal.event_of, desk(request).parts.engine, report)
        if event is None:
            raise HTTPException(404, f"There is no report {report}; it may have been pruned.")
        story = request.url_for("admin:view-story", number=event)
        return RedirectResponse(f"{story}#report-{report}", 303)
