"""The first page: every lane at a glance, and how it went until now."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from redis import Redis
from redis.exceptions import RedisError
from sqladmin import BaseView, expose
from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from worker.console.desk import Desk, desk
from worker.events import Kind
from worker.journal import measures
from worker.journal.clock import time_of
from worker.journal.history import History, history
from worker.journal.lanes import Standing, lanes
from worker.policies import policies
from worker.standstill import look

OVER_S = {"15 min": 900, "1 h": 3600, "6 h": 21_600, "24 h": 86_400}
WITHIN_S = 4.0


class Lanes(BaseView):
    """Lanes with their state, queues, what waits for a person, and three charts."""

    name = "Lanes"
    icon = "fa-solid fa-road"

    @expose("/lanes")
    async def lanes(self, request: Request) -> Response:
        """The page; its script asks for it again every few seconds."""
        shown = await run_in_threadpool(_shown, desk(request))
        return await self.templates.TemplateResponse(request, "console/lanes.html", shown)

    @expose("/history.json")
    async def history(self, request: Request) -> Response:
        """The charts' points; `over` is in seconds."""
        over = request.query_params.get("over", "900")
        if over not in map(str, OVER_S.values()):
            raise HTTPException(400, "over is not one of the page's")
        points = await run_in_threadpool(_points, desk(request).parts.engine, int(over))
        return JSONResponse(asdict(points))


def _points(engine: Engine, over_s: int) -> History:
    return history(engine, time_of(engine), over_s=over_s)


def _shown(desk: Desk) -> dict[str, Any]:
    parts = desk.parts
    engine, rules = parts.engine, policies(parts.settings)
    now = time_of(engine)
    standings = lanes(engine, parts.roster.lanes(), rules, now)
    rejects, conflicts = measures.undecided(engine, within_s=WITHIN_S)
    return {
        "title": "Lanes",
        "subtitle": "What waits for each vendor, and what holds it up",
        "lanes": standings,
        "looks": [_look(one) for one in standings],
        "queues": _queues(parts.redis),
        "for_a_person": {
            "refused or given up": sum(one.refused + one.given_up for one in standings),
            "held": sum(one.held for one in standings),
            "rejects": rejects,
            "conflicts": conflicts,
        },
        "still": desk.still(),
        "now": now,
        "over_s": OVER_S,
    }


def _queues(redis: Redis) -> Mapping[Kind, int | None]:
    """What waits in each; None while the broker is away, of which the lanes know nothing."""
    try:
        return {kind: queued.items for kind, queued in look(redis, tuple(Kind)).items()}
    except RedisError:
        return dict.fromkeys(Kind)


def _look(lane: Standing) -> tuple[str, str]:
    """A word for how the lane stands, and its colour."""
    match lane:
        case Standing(configured=False):
            return "not configured", "secondary"
        case Standing(gate=str(gate)) if gate.startswith("paused"):
            return "paused", "secondary"
        case Standing(gate=str(gate)) if gate.startswith("breaker"):
            return "breaker open", "red"
        case Standing(gate="probing"):
            return "probing", "orange"
        case Standing(gate=str()):
            return "asked to wait", "orange"
        case Standing(pending=0, unclear=0, sending=0):
            return "idle", "green"
        case _:
            return "telling", "blue"
