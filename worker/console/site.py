"""The console, put together and mounted."""

from collections.abc import Callable
from pathlib import Path

from fastapi import FastAPI
from redis.exceptions import RedisError
from sqladmin import Admin
from sqlalchemy.exc import SQLAlchemyError
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from worker.console.asking import Asking
from worker.console.decide import Decide
from worker.console.desk import Desk
from worker.console.find import Find
from worker.console.guard import Guard
from worker.console.lanes import Lanes
from worker.console.login import Login
from worker.console.replay import Replay
from worker.console.shown import masked, pretty, text_of
from worker.console.tables import TABLES
from worker.deployment import Deployment
from worker.journal.engine import READING, away, unstorable
from worker.wording import age, local

PATH = "/console"
# The frame has more: forms, exports, and files of this machine that a row's text names.
ROUTES = ("statics", "index", "list", "details", "login", "logout")
HERE = Path(__file__).parent


class Site(Admin):
    """The frame: menu, login, tables."""

    async def index(self, request: Request) -> Response:
        """The lanes."""
        return RedirectResponse(request.url_for("admin:view-lanes"), 303)


def mount(app: FastAPI, parts: Deployment, still: Callable[[], list[str]]) -> None:
    """Serve the console with the application, if the settings name somebody who may log in.

    Args:
        app: the callback server.
        parts: what the console shows and acts upon.
        still: a sentence for whatever stands still.
    """
    settings = parts.settings
    if not settings.console_people:
        return
    site = Site(
        app,
        parts.engine.execution_options(**{READING: True, "postgresql_readonly": True}),
        base_url=PATH,
        title="ChargeRelay",
        favicon_url=f"{PATH}/static/icon.svg",
        templates_dir=str(HERE / "templates"),
        middlewares=[Middleware(Guard, known_as=settings.callbacks_base)],
        authentication_backend=Login(
            settings.console_people,
            path=PATH,
            secure=settings.callbacks_base.startswith("https:"),
        ),
    )
    app.add_api_route(PATH, _door, include_in_schema=False)
    site.admin.state.desk = Desk(parts, still)
    site.admin.router.routes[:] = [
        Mount("/static", StaticFiles(directory=HERE / "static"), name="static"),
        *(route for route in site.admin.routes if getattr(route, "name", "") in ROUTES),
    ]
    site.templates.env.filters |= {
        "age": age,
        "local": local,
        "masked": masked,
        "pretty": pretty,
        "text_of": text_of,
    }
    for fault in (SQLAlchemyError, RedisError):
        site.admin.exception_handlers[fault] = _failed(site)
    for view in (Lanes, Find, Decide, Replay, Asking, *TABLES):
        site.add_view(view)


def _door() -> Response:
    return RedirectResponse(f"{PATH}/", 303)


def _failed(site: Site) -> Callable[[Request, Exception], object]:
    async def answer(request: Request, fault: Exception) -> Response:
        """What a page cannot show while a part is away, or was asked with what no journal holds."""
        if unstorable(fault):
            said = {"status_code": 400, "message": f"This cannot be asked: {masked(away(fault))}"}
            return await site.templates.TemplateResponse(request, "sqladmin/error.html", said, 400)
        part = "broker" if isinstance(fault, RedisError) else "journal"
        said = {"status_code": 503, "message": f"The {part} does not answer: {masked(away(fault))}"}
        return await site.templates.TemplateResponse(request, "sqladmin/error.html", said, 503)

    return answer
