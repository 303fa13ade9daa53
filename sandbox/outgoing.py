"""What a played vendor calls by itself: callbacks over HTTP, tried again until they are taken.

A call goes to its URL and nowhere else: no redirect is followed, no proxy is asked.
"""

import asyncio
import json
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import aiohttp

from sandbox.received import Received

WAITS_S = (0.1, 0.2, 0.4, 0.8, 1.6)
"""The first lets the answer that led to the callback leave; the others are between two tries."""
_TIMEOUT = aiohttp.ClientTimeout(total=10)
_CALLS_SHOWN = 1000
_BYTES_READ = 65_536


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request of the vendor's."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes | aiohttp.FormData | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: JSON if it is JSON, else text; no status means that nobody answered."""

    status: int | None
    body: object

    def says(self, name: str, value: int) -> bool:
        """Whether it is HTTP 2xx with a JSON object in which this field has this value."""
        fine = self.status is not None and 200 <= self.status < 300
        return fine and isinstance(self.body, dict) and self.body.get(name) == value

    def shown(self) -> dict[str, object]:
        """The reply for the control interface."""
        return {"status": self.status, "body": self.body}


@dataclass(frozen=True, slots=True)
class Callback:
    """Something to tell the operator; each try makes its request, and its signature, anew."""

    name: str
    request: Callable[[], Request]
    taken: Callable[[Reply], bool]


class Outgoing:
    """The calls of one vendor, in the background or waited for."""

    def __init__(self, received: Received) -> None:
        """Count the calls with what was `received`."""
        self._received = received
        self._tasks: set[asyncio.Task[None]] = set()
        self._log: deque[dict[str, object]] = deque(maxlen=_CALLS_SHOWN)

    def tell(self, callback: Callback) -> None:
        """Call shortly, and again after growing waits until it is taken; then drop it."""
        task = asyncio.get_running_loop().create_task(self._tell(callback))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def call(self, callback: Callback) -> Reply:
        """Call once."""
        request = callback.request()
        self._received.counters.callbacks_sent += 1
        reply = await _sent(request)
        if not callback.taken(reply):
            self._received.counters.callbacks_refused += 1
        called = {"callback": callback.name, "url": request.url, **reply.shown()}
        self._log.append(called | {"at": round(time.time(), 3)})
        return reply

    def shown(self) -> list[dict[str, object]]:
        """The calls made last, oldest first."""
        return list(self._log)

    def forget(self) -> None:
        """Call nobody again for what happened so far, and forget the calls made."""
        for task in self._tasks:
            task.cancel()
        self._log.clear()

    async def close(self) -> None:
        """End what is under way."""
        self.forget()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _tell(self, callback: Callback) -> None:
        for wait_s in WAITS_S:
            await asyncio.sleep(wait_s)
            if callback.taken(await self.call(callback)):
                return
        self._received.counters.callbacks_dropped += 1


async def _sent(request: Request) -> Reply:
    try:
        async with (
            aiohttp.ClientSession(timeout=_TIMEOUT) as session,
            session.request(
                request.method,
                request.url,
                headers=request.headers,
                params=request.query,
                data=request.body,
                allow_redirects=False,
            ) as response,
        ):
            return Reply(response.status, _read(await _beginning(response)))
    except (aiohttp.ClientError, OSError, ValueError) as error:  # a timeout is an OSError
        return Reply(None, f"{type(error).__name__}: {error}")


async def _beginning(response: aiohttp.ClientResponse) -> bytes:
    try:
        return await response.content.readexactly(_BYTES_READ)
    except asyncio.IncompleteReadError as ended:
        return ended.partial


def _read(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body.decode(errors="replace")
