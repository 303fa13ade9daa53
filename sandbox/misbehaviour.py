"""What a fault does to one HTTP exchange.

Each kind is one function; it gets the request and `process`, which reads the request, lets the
system answer it and returns that answer. A fault that does not call it leaves nothing accepted.
"""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from sandbox.fault_orders import FaultOrder
from sandbox.faults import Fault

Process = Callable[[], Awaitable[web.Response]]
Misbehaviour = Callable[[Fault, web.Request, Process], Awaitable[web.StreamResponse]]

_MEGABYTE = b" " * 1_000_000
_CLOSE_WITH_RESET = struct.pack("ii", 1, 0)
_GARBAGE = {
    "bytes": b"\x00\xff<html>502 Bad Gateway",
    "array": b"[]",
    "string": b'"ok"',
    "number": b"0",
    "null": b"null",
}


async def misbehave(fault: Fault, request: web.Request, process: Process) -> web.StreamResponse:
    """Answer the request as the fault demands."""
    return await _KINDS[fault.order.kind](fault, request, process)


async def _http_status(fault: Fault, request: web.Request, process: Process) -> web.Response:
    await _read_or_process(fault.order, request, process)
    return _status(fault.order, fault.order.whole("status") or 500)


async def _throttle(fault: Fault, request: web.Request, process: Process) -> web.Response:
    await request.read()
    return _status(fault.order, 429)


async def _reset(fault: Fault, request: web.Request, process: Process) -> web.Response:
    if fault.order.after:
        await process()
    _cut(request)
    return web.Response()


async def _hang(fault: Fault, request: web.Request, process: Process) -> web.Response:
    seconds = fault.order.settings["seconds"]
    timeout = None if seconds is None else fault.order.number("seconds")
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(fault.cleared.wait(), timeout)
    _cut(request)
    return web.Response()


async def _garbage(fault: Fault, request: web.Request, process: Process) -> web.Response:
    await _read_or_process(fault.order, request, process)
    body = _GARBAGE[fault.order.text("shape")]
    return web.Response(body=body, content_type="application/json")


async def _answer(fault: Fault, request: web.Request, process: Process) -> web.Response:
    await _read_or_process(fault.order, request, process)
    return web.json_response(fault.order.settings["body"])


async def _empty_body(fault: Fault, request: web.Request, process: Process) -> web.Response:
    await _read_or_process(fault.order, request, process)
    return web.Response(content_type="application/json")


async def _huge_body(fault: Fault, request: web.Request, process: Process) -> web.StreamResponse:
    await _read_or_process(fault.order, request, process)
    response = await _begin(request)
    with contextlib.suppress(ConnectionError):
        for _ in range(int(fault.order.number("megabytes"))):
            await response.write(_MEGABYTE)
        await response.write_eof(b"{}")
    return response


async def _slow_drip(fault: Fault, request: web.Request, process: Process) -> web.StreamResponse:
    answer = await process()
    response = await _begin(request)
    loop = asyncio.get_running_loop()
    ends_at = loop.time() + fault.order.number("seconds")
    with contextlib.suppress(ConnectionError):
        while loop.time() < ends_at:
            await response.write(b" ")
            await asyncio.sleep(fault.order.number("interval_ms") / 1000)
        await response.write_eof(answer.body if isinstance(answer.body, bytes) else b"")
    return response


async def _answer_late(fault: Fault, request: web.Request, process: Process) -> web.Response:
    answer = await process()
    await asyncio.sleep(fault.order.number("seconds"))
    return answer


async def _read_or_process(order: FaultOrder, request: web.Request, process: Process) -> None:
    if order.after:
        await process()
    else:
        await request.read()


async def _begin(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    response.content_type = "application/json"
    await response.prepare(request)
    return response


def _status(order: FaultOrder, status: int) -> web.Response:
    wait_s = order.whole("retry_after_s")
    headers = {} if wait_s is None else {"Retry-After": str(wait_s)}
    return web.Response(status=status, text="sandbox", headers=headers)


def _cut(request: web.Request) -> None:
    transport = request.transport
    if transport is None:
        return
    connection = transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _CLOSE_WITH_RESET)
    transport.abort()


_KINDS: Mapping[str, Misbehaviour] = {
    "http_status": _http_status,
    "throttle": _throttle,
    "reset": _reset,
    "hang": _hang,
    "garbage": _garbage,
    "empty_body": _empty_body,
    "answer": _answer,
    "huge_body": _huge_body,
    "slow_drip": _slow_drip,
    "answer_after_timeout": _answer_late,
}
