"""The door for whoever tests: what was received, how often, and faults on demand."""

import inspect
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from sandbox.fault_orders import OrderError, read_order
from sandbox.played import Played
from sandbox.system import Control, ControlError

PREFIX = "_sandbox"
DEFAULT_LIMIT = 1000

VendorHandler = Callable[[web.Request, Played], Awaitable[web.Response]]


async def serve(
    request: web.Request, path: str, vendors: Mapping[str, Played]
) -> web.StreamResponse:
    """Answer a request for `path`, which begins after the control prefix."""
    if path == "/health":
        return web.json_response({"status": "ok", "vendors": _shown(vendors)})
    name, _, what = path.removeprefix("/").partition("/")
    played = vendors.get(name)
    if played is None:
        return _wrong(404, f"no vendor {name!r}; there are {', '.join(vendors)}")
    if handler := _HANDLERS.get((request.method, what)):
        return await handler(request, played)
    controls = played.system.controls()
    if request.method == "POST" and what in controls:
        return await _control(request, controls[what])
    known = ", ".join(f"{method} {name}" for method, name in _known(controls))
    return _wrong(404, f"no {request.method} {what!r}; there are {known}")


async def _control(request: web.Request, control: Control) -> web.Response:
    try:
        content = await request.json()
    except ValueError:
        return _wrong(400, "the body is not JSON")
    if not isinstance(content, dict):
        return _wrong(400, "the body must be a JSON object")
    try:
        shown = control(content)
        return web.json_response(await shown if inspect.isawaitable(shown) else shown)
    except ControlError as error:
        return _wrong(400, str(error))


async def _received(request: web.Request, played: Played) -> web.Response:
    since, limit = request.query.get("since", "0"), request.query.get("limit", str(DEFAULT_LIMIT))
    if not (_is_counting(since) and _is_counting(limit)):
        return _wrong(400, "since and limit must be whole numbers, 0 or more")
    items = played.received.since(int(since), int(limit))
    return web.json_response(
        {
            "items": [item.shown() for item in items],
            "next": items[-1].seq if items else int(since),
            "counters": played.received.shown_counters(),
        }
    )


async def _counters(request: web.Request, played: Played) -> web.Response:
    return web.json_response(played.received.shown_counters())


async def _calls(request: web.Request, played: Played) -> web.Response:
    return web.json_response(played.system.outgoing.shown())


async def _faults(request: web.Request, played: Played) -> web.Response:
    return web.json_response(played.faults.shown())


async def _add_fault(request: web.Request, played: Played) -> web.Response:
    try:
        order = read_order(await request.json())
    except OrderError as error:
        return _wrong(400, str(error))
    except ValueError:
        return _wrong(400, "the body is not JSON")
    if order.kind == "expired_token" and not played.system.has_tokens:
        return _wrong(400, f"{played.system_name} has no tokens that could expire")
    if order.kind == "rotated_app_key" and not played.system.has_app_key:
        return _wrong(400, f"{played.system_name} has no app key that could be rotated")
    return web.json_response(played.faults.add(order).shown(), status=201)


async def _clear_faults(request: web.Request, played: Played) -> web.Response:
    played.faults.clear()
    return web.json_response({"status": "ok"})


async def _reset(request: web.Request, played: Played) -> web.Response:
    played.received.forget()
    played.system.outgoing.forget()
    played.system.forget()
    return web.json_response({"status": "ok"})


_HANDLERS: Mapping[tuple[str, str], VendorHandler] = {
    ("GET", "received"): _received,
    ("GET", "counters"): _counters,
    ("GET", "calls"): _calls,
    ("GET", "faults"): _faults,
    ("POST", "faults"): _add_fault,
    ("DELETE", "faults"): _clear_faults,
    ("POST", "reset"): _reset,
}


def _known(controls: Mapping[str, Control]) -> list[tuple[str, str]]:
    return [*_HANDLERS, *(("POST", name) for name in controls)]


def _shown(vendors: Mapping[str, Played]) -> dict[str, object]:
    return {name: {"system": played.system_name} for name, played in vendors.items()}


def _is_counting(value: str) -> bool:
    return value.isascii() and value.isdigit() and len(value) < 16


def _wrong(status: int, message: str) -> web.Response:
    return web.json_response({"message": message}, status=status)
