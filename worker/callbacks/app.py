"""The callback server: a path for every callback of every configured vendor, and its OpenAPI."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace

from fastapi import BackgroundTasks, FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from worker.callback import Refusal
from worker.callbacks import description
from worker.callbacks.door import Door
from worker.callbacks.raw import Raw
from worker.wire import write_json

log = logging.getLogger(__name__)

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]


class Plain(JSONResponse):
    """JSON with decimals as numbers, as vendors are told everywhere."""

    def render(self, content: object) -> bytes:
        """The body's bytes."""
        return write_json(content).encode()


def create_app(
    door: Door,
    publish: Callable[[], object],
    fault: Callable[[], str | None],
    still: Callable[[], list[str]] = list,
) -> FastAPI:
    """The server's application.

    Args:
        door: answers the calls.
        publish: puts the events that callbacks brought on their queues.
        fault: why the journal cannot be used; None if it can.
        still: a sentence for whatever stands still in this deployment.
    """
    app = FastAPI(
        title="ChargeRelay callbacks",
        description="What vendors call at us. Every answer has the shape of the vendor's system.",
        openapi_tags=[
            description.tag(vendor, system)
            for vendor, system in door.vendors.items()
            if system.callbacks
        ],
        redoc_url=None,
        redirect_slashes=False,
    )

    async def take(request: Request, after: BackgroundTasks) -> Response:
        _, _, vendor, *token, name = request.scope["path"].split("/")
        raw = await _raw(request, door.settings.callback_max_bytes, door.settings.callback_read_s)
        if token and isinstance(raw, Raw):
            raw = replace(raw, token="/".join(token))
        answered = await run_in_threadpool(door.answer, vendor, name, raw)
        if answered.news:
            after.add_task(_publish, publish)
        headers = {"Connection": "close"} if isinstance(raw, Refusal) else None
        return Plain(answered.body, answered.http_status, headers, background=after)

    _say_how_it_is(app, fault, still)
    for vendor, system in door.vendors.items():
        for name, callback in system.callbacks.items():
            app.add_api_route(
                f"/callbacks/{vendor}/{name}",
                take,
                methods=[callback.method],
                **description.of(vendor, name, system, callback),
            )
    app.add_api_route(
        "/callbacks/{vendor}/{name:path}", take, methods=METHODS, include_in_schema=False
    )
    return app


def _say_how_it_is(
    app: FastAPI, fault: Callable[[], str | None], still: Callable[[], list[str]]
) -> None:
    @app.get("/healthz", tags=["server"], responses={503: {"description": "it stands still"}})
    def healthz() -> JSONResponse:
        """Whether workers take and deliver while there is work."""
        faults = still()
        return JSONResponse({"status": faults or "ok"}, 503 if faults else 200)

    @app.get("/readyz", tags=["server"], responses={503: {"description": "not ready"}})
    def readyz() -> JSONResponse:
        """Whether a callback could be kept."""
        why = fault()
        return JSONResponse({"status": why or "ok"}, 503 if why else 200)


async def _raw(request: Request, max_bytes: int, read_s: float) -> Raw | Refusal:
    """The request with its whole body, or why it could not be had."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    parts, size = [], 0
    try:
        async with asyncio.timeout(read_s):
            async for part in request.stream():
                size += len(part)
                if size > max_bytes:
                    return Refusal(413, f"the body is larger than {max_bytes} bytes")
                parts.append(part)
    except TimeoutError:
        return Refusal(408, f"the body did not arrive within {read_s:g} s")
    except ClientDisconnect:
        return Refusal(400, "the body ended too early")
    query = request.scope["query_string"].decode("latin-1")
    return Raw(request.method, query, headers, b"".join(parts))


def _publish(publish: Callable[[], object]) -> None:
    """The clock publishes what could not be published now."""
    try:
        publish()
    except Exception as error:  # noqa: BLE001 the answer has left; nothing may undo it
        log.warning("events of callbacks wait for the clock: %s", error)
