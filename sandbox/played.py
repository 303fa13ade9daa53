"""One vendor being played: its system, what it received, its faults, and the way of a request."""

import asyncio
from dataclasses import dataclass, field

from aiohttp import web

from sandbox.faults import Fault, Faults
from sandbox.misbehaviour import misbehave
from sandbox.received import Received
from sandbox.system import Call, System


@dataclass(slots=True)
class Played:
    """A vendor under its path prefix."""

    name: str
    system_name: str
    system: System
    received: Received
    faults: Faults = field(default_factory=Faults)

    async def serve(self, request: web.Request, path: str) -> web.StreamResponse:
        """Answer a request for `path`, which begins after the vendor's prefix."""
        counters = self.received.counters
        counters.requests += 1
        counters.in_flight += 1
        counters.max_in_flight = max(counters.max_in_flight, counters.in_flight)
        try:
            carried = self.system.carries(request.headers, request.query)
            struck = self.faults.striking(path, carried)
            if not struck:
                return await self._process(request, path)
            return await self._serve_struck(request, path, struck)
        except ConnectionError:
            return web.Response()  # the caller hung up while sending: nobody reads this
        finally:
            self.received.counters.in_flight -= 1

    async def _serve_struck(
        self, request: web.Request, path: str, struck: list[Fault]
    ) -> web.StreamResponse:
        self.received.counters.faulted += 1
        for fault in struck:
            if fault.order.kind == "latency":
                await asyncio.sleep(fault.order.number("ms") / 1000)
            elif fault.order.kind == "expired_token":
                self.system.expire_tokens()
            elif fault.order.kind == "rotated_app_key":
                self.system.rotate_app_key()
            else:
                return await misbehave(fault, request, lambda: self._process(request, path))
        return await self._process(request, path)

    async def _process(self, request: web.Request, path: str) -> web.Response:
        body = await request.read()
        query = request.rel_url.raw_query_string
        rejects = self.faults.rejection
        certified = bool(request.get_extra_info("peercert"))
        answer = self.system.answer(
            Call(request.method, path, query, request.headers, body, rejects, certified)
        )
        if answer.refused:
            self.received.counters.refused += 1
        return web.Response(body=answer.body, status=answer.status, content_type="application/json")
