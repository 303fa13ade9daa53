"""What waits for a person's word: rejects and conflicts."""

from typing import Any

from sqladmin import BaseView, expose
from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from worker.console.desk import desk
from worker.console.shown import field
from worker.journal import listings
from worker.journal.content import differing
from worker.journal.listings import Filters

MOST = 100


class Decide(BaseView):
    """Rejects that may go back, conflicts without a decision."""

    name = "Decide"
    icon = "fa-solid fa-scale-balanced"

    @expose("/decide")
    async def decide(self, request: Request) -> Response:
        """Both lists, newest first."""
        shown = await run_in_threadpool(_open, desk(request).parts.engine)
        return await self.templates.TemplateResponse(request, "console/decide.html", shown)


def _open(engine: Engine) -> dict[str, Any]:
    rejects = listings.rejects(engine, Filters(), kept=True, limit=MOST)
    conflicts = listings.conflicts(engine, Filters(), undecided=True, limit=MOST)
    return {
        "title": "Decide",
        "subtitle": "What only a person can",
        "rejects": list(rejects),
        "conflicts": [
            (
                row,
                [(name, *(field(name, one) for one in values)) for name, *values in differing(row)],
            )
            for row in conflicts
        ],
        "most": MOST,
    }
