"""One page between a button and its act: what will happen, and a second button."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from redis import Redis
from sqladmin import BaseView, expose
from sqladmin.flash import Flash
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from worker.acts import Acts
from worker.console.asked import number
from worker.console.desk import Desk, acts, desk
from worker.console.shown import masked
from worker.journal import gates, lanes
from worker.journal.clock import time_of
from worker.journal.decide import CannotDecide
from worker.policies import policies
from worker.wording import counted

Given = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Act:
    """An act that a person confirms.

    Attributes:
        means: what it will do, in a sentence.
        button: the second button's words.
        do: does it; returns what came of it, in a sentence.
        of: what it is about: a vendor or a row, by the name of its field.
        why: whether a reason is asked for.
        then: the page to go on with.
    """

    title: str
    means: str
    button: str
    do: Callable[[Acts, Redis, Given], str]
    of: str = "row"
    why: bool = False
    then: str = "admin:view-decide"


def _pause(its: Acts, _redis: Redis, given: Given) -> str:
    its.pause(given["vendor"], given.get("why", "").strip() or None)
    return f"{given['vendor']} is paused; its reports wait."


def _resume(its: Acts, _redis: Redis, given: Given) -> str:
    paused = its.resume(given["vendor"])
    return f"{given['vendor']} is resumed." if paused else f"{given['vendor']} was not paused."


def _put_back(its: Acts, redis: Redis, given: Given) -> str:
    row = number(given["row"])
    return f"Reject {row} is back on {its.put_back(redis, row)}."


def _keep(its: Acts, _redis: Redis, given: Given) -> str:
    row = number(given["row"])
    its.keep(row)
    return f"Conflict {row}: the first content stays."


def _replace(its: Acts, _redis: Redis, given: Given) -> str:
    row = number(given["row"])
    told = counted(its.replace(row), "report")
    return f"Conflict {row}: the second content holds, for {told} to be sent anew."


ACTS = {
    "pause": Act(
        "Pause {vendor}",
        "Nothing is sent to {vendor} until somebody resumes it. Its reports wait, they do not "
        "fail; statuses expire when they are no longer worth telling.",
        "Pause {vendor}",
        _pause,
        of="vendor",
        why=True,
        then="admin:view-lanes",
    ),
    "resume": Act(
        "Resume {vendor}",
        "What waits for {vendor} is sent; that it failed, or asked to wait, is forgotten.",
        "Resume {vendor}",
        _resume,
        of="vendor",
        then="admin:view-lanes",
    ),
    "put-back": Act(
        "Put reject {row} back",
        "Reject {row} goes back on its queue and is read once more. What has not changed, in the "
        "item or in this program, makes it a reject again.",
        "Put it back",
        _put_back,
    ),
    "keep": Act(
        "Keep the first content",
        "The first content of conflict {row} stays; nobody is told anything.",
        "Keep the first",
        _keep,
    ),
    "replace": Act(
        "Let the second content hold",
        "The second content of conflict {row} takes the event's place, and every vendor that was "
        "told the first is told the second: one that does not know the order again books it twice.",
        "Replace, and tell anew",
        _replace,
    ),
}


class Asking(BaseView):
    """Asks, and then does."""

    def is_visible(self, request: Request) -> bool:
        """No entry of the menu."""
        return False

    @expose("/act/{act}", methods=["GET", "POST"])
    async def act(self, request: Request) -> Response:
        """Ask with GET, do with POST."""
        act = ACTS.get(request.path_params["act"])
        if act is None:
            raise HTTPException(404, "There is no such act.")
        form = request.query_params if request.method == "GET" else await request.form()
        given = {name: str(value) for name, value in form.items()}
        await run_in_threadpool(_check, desk(request), act, given)
        if request.method == "POST":
            return await _done(request, act, given)
        asked: dict[str, Any] = {
            name: getattr(act, name).format(**given) for name in ("title", "means", "button")
        }
        asked |= {"asks_why": act.why, "given": given, "back": request.url_for(act.then)}
        return await self.templates.TemplateResponse(request, "console/asking.html", asked)


async def _done(request: Request, act: Act, given: Given) -> Response:
    redis = desk(request).parts.redis
    try:
        said = await run_in_threadpool(act.do, acts(request), redis, given)
    except CannotDecide as fault:
        Flash.error(request, masked(f"Not done: {fault}."))
    else:
        Flash.success(request, said)
    return RedirectResponse(request.url_for(act.then), 303)


def _check(desk: Desk, act: Act, given: Given) -> None:
    """Refuse what is about nothing that is there.

    Raises:
        HTTPException: 404.
    """
    if act.of == "row":
        number(given.get("row", ""))
        return
    parts = desk.parts
    known = set(parts.roster.vendors) | gates.known(parts.engine)
    left = lanes.lanes(parts.engine, None, policies(parts.settings), time_of(parts.engine))
    known |= {one.vendor for one in left}
    if given.get("vendor") not in known:
        raise HTTPException(404, "There is no such vendor.")
