"""A vendor that costs next to nothing: it counts, and answers after the time its path begins with.

`/20/…` is answered after 20 ms, `/0/…` at once, `/hang/…` never. What follows is a parking gate's
path (document 004) or a city platform's (document 000). `/_stats?size=N`, `/_ways?of=…` and
`/_reset` are for the benchmark. `python -m benchmarks.vendor FILE` writes its port
there.
"""

import asyncio
import json
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from benchmarks.peers.signing import sign

CHECKED = 64  # of so many records one has its sign checked: all would cost as much as the rest
HEAD = b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
TAKEN = '{"result":0,"description":"成功"}'.encode()
WRONG_SIGN = '{"result":1,"description":"签名错误"}'.encode()
REPORTED = '{"status":200,"message":"上报成功","data":null}'.encode()
TOKEN = b'{"status":200,"message":"success","data":"bench-token"}'
NO_PAGE = b'{"status":200,"message":"success","data":{"list":[],"total":0}}'


@dataclass(slots=True)
class Heard:
    """What came in of one kind.

    Attributes:
        items: all of them, repeats too.
        first: by what identifies it, when it came first, in ns of the monotonic clock.
    """

    items: int = 0
    first: dict[str, int] = field(default_factory=dict)

    def enter(self, identities: Iterable[str]) -> None:
        """These arrived now."""
        now = time.monotonic_ns()
        for identity in identities:
            self.items += 1
            self.first.setdefault(identity, now)

    def rate(self, size: int) -> float | None:
        """Distinct items a second from the first tenth of `size` to the last; None before that."""
        if len(self.first) < size or size < 2:
            return None
        arrived = list(self.first.values())
        start = size // 10
        return (size - 1 - start) / max(arrived[size - 1] - arrived[start], 1) * 1e9

    def ways(self) -> list[tuple[int, int]]:
        """Of each identity with a time in it: that time, and its first arrival, in ns."""
        found = []
        for identity, arrived in self.first.items():
            published = identity.partition("-")[0]
            if published.isdigit() and published != "0":
                found.append((int(published), arrived))
        return found


Answered = tuple[bytes, bytes]
Handler = Callable[[bytes], bytes]


class Vendor:
    """All kinds that were heard, and what answers them."""

    def __init__(self) -> None:
        self.requests = 0
        self.hanging = 0
        self.wrong_signs = 0
        self.heard = {"record": Heard(), "status": Heard(), "warning": Heard()}
        self._handlers: dict[str, Handler] = {
            "chargePile/chargingRecord": self._gate,
            "management/chargingRecord": self._record,
            "management/chargingRecordList": self._records,
            "report/chargingMetaInfo": self._status,
            "report/chargingMetaInfoList": self._statuses,
            "management/operatorAPIToken": lambda _: TOKEN,
            "city/risk": self._warning,
        }
        self._routes: dict[bytes, tuple[float | None, Handler | None]] = {}

    def route(self, line: bytes) -> tuple[float | None, Handler | None]:
        """By a request's first line: the latency in s (None: it hangs) and who answers."""
        found = self._routes.get(line)
        if found is None:
            path = line.split(b" ")[1].decode("latin-1").partition("?")[0]
            first, _, rest = path.lstrip("/").partition("/")
            handler = self._handlers.get("/".join(rest.rsplit("/", 2)[-2:]))
            latency_s = int(first) / 1000 if first.isdigit() else None
            found = (latency_s, handler if first.isdigit() or first == "hang" else None)
            self._routes[line] = found
        return found

    def told(self, target: str) -> bytes | None:
        """The answer to a question of the benchmark's own; None if it is none."""
        path, _, query = target.partition("?")
        asked = {name: values[0] for name, values in parse_qs(query).items()}
        if path == "/_stats":
            return json.dumps(self._stats(int(asked.get("size", 0)))).encode()
        if path == "/_ways":
            return json.dumps(self.heard[asked["of"]].ways()).encode()
        if path == "/_reset":
            self.requests = self.hanging = self.wrong_signs = 0
            for kind in self.heard:
                self.heard[kind] = Heard()
            return b"{}"
        return None

    def _stats(self, size: int) -> dict[str, Any]:
        kinds = {
            kind: {
                "items": heard.items,
                "distinct": len(heard.first),
                "repeats": heard.items - len(heard.first),
                "rate_per_s": heard.rate(size),
            }
            for kind, heard in self.heard.items()
        }
        counts = {"requests": self.requests, "hanging": self.hanging}
        return {**counts, "wrong_signs": self.wrong_signs, "at_ns": time.monotonic_ns(), **kinds}

    def _gate(self, body: bytes) -> bytes:
        fields = json.loads(body)
        if self.requests % CHECKED == 0 and fields["sign"] != sign(fields):
            self.wrong_signs += 1
            return WRONG_SIGN
        self.heard["record"].enter((fields["orderNo"],))
        return TAKEN

    def _record(self, body: bytes) -> bytes:
        if not body:
            return NO_PAGE
        self.heard["record"].enter((json.loads(body)["startChargeSeq"],))
        return REPORTED

    def _records(self, body: bytes) -> bytes:
        self.heard["record"].enter(item["startChargeSeq"] for item in json.loads(body))
        return REPORTED

    def _status(self, body: bytes) -> bytes:
        self.heard["status"].enter((json.loads(body)["cellId"],))
        return REPORTED

    def _statuses(self, body: bytes) -> bytes:
        self.heard["status"].enter(item["cellId"] for item in json.loads(body))
        return REPORTED

    def _warning(self, body: bytes) -> bytes:
        self.heard["warning"].enter((json.loads(body)["cellId"],))
        return REPORTED


class Line(asyncio.Protocol):
    """One connection; its requests come one after the other."""

    def __init__(self, vendor: Vendor, loop: asyncio.AbstractEventLoop) -> None:
        self._vendor = vendor
        self._loop = loop
        self._buffer = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep where to write."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer every request that is whole."""
        self._buffer = self._buffer + data if self._buffer else data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end]
            whole = end + 4 + _length(head)
            if len(self._buffer) < whole:
                return
            body, self._buffer = self._buffer[end + 4 : whole], self._buffer[whole:]
            self._take(head[: head.find(b"\r\n")], body)

    def _take(self, line: bytes, body: bytes) -> None:
        target = line.split(b" ")[1]
        if target.startswith(b"/_"):
            answer = self._vendor.told(target.decode("latin-1"))
            return self._write(b"{}" if answer is None else answer, answer is not None)
        latency_s, handler = self._vendor.route(line)
        if handler is None:
            return self._write(b"{}", False)
        self._vendor.requests += 1
        if latency_s is None:
            self._vendor.hanging += 1
            return None
        answer = handler(body)
        if latency_s == 0:
            return self._write(answer)
        self._loop.call_later(latency_s, self._write, answer)
        return None

    def _write(self, body: bytes, known: bool = True) -> None:
        if not self._transport.is_closing():
            self._transport.write(
                HEAD % (b"200 OK" if known else b"404 Not Found", len(body)) + body
            )


def _length(head: bytes) -> int:
    at = head.lower().find(b"\r\ncontent-length:")
    if at < 0:
        return 0
    at += len(b"\r\ncontent-length:")
    end = head.find(b"\r\n", at)
    return int(head[at:] if end < 0 else head[at:end])


async def serve(port: int = 0) -> asyncio.Server:
    """A listening vendor on loopback; port 0: one that is free."""
    vendor, loop = Vendor(), asyncio.get_running_loop()
    return await loop.create_server(lambda: Line(vendor, loop), "127.0.0.1", port, backlog=512)


async def _main(file: Path) -> None:
    server = await serve()
    file.write_text(str(server.sockets[0].getsockname()[1]), "utf-8")
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1])))
