"""An operator's door for callbacks: a real HTTP server in a thread that keeps what it is told."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, Queue
from urllib.parse import parse_qsl, urlsplit

from tests.sandbox.callers import TIMEOUT_S, Body

Answer = tuple[int, object]


@dataclass(frozen=True)
class Called:
    """One request that came."""

    method: str
    target: str
    headers: Message
    body: bytes

    @property
    def path(self) -> str:
        """The path without the query."""
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        """The query parameters."""
        return dict(parse_qsl(urlsplit(self.target).query))

    @property
    def told(self) -> Body:
        """The JSON body."""
        assert self.headers["Content-Type"] == "application/json"
        content: Body = json.loads(self.body)
        return content

    @property
    def form(self) -> dict[str, str]:
        """The fields of a form or of a multipart form."""
        kind = self.headers["Content-Type"]
        if kind == "application/x-www-form-urlencoded":
            return dict(parse_qsl(self.body.decode(), keep_blank_values=True))
        assert kind.startswith("multipart/form-data; boundary="), kind
        whole = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + self.body)
        parts = whole.get_payload()
        assert isinstance(parts, list)
        named = [(part.get_param("name", header="content-disposition"), part) for part in parts]
        return {str(name): part.get_payload(decode=True).decode() for name, part in named}


class Receiver:
    """Keeps the calls in their order; answers as was ordered, else as usual."""

    def __init__(self, url: str, usual: object) -> None:
        """Answer with HTTP 200 and `usual`."""
        self.url = url
        self.usual: Answer = (200, usual)
        self.ordered: Queue[Answer] = Queue()
        self._calls: Queue[Called] = Queue()

    def answer_next(self, *answers: Answer) -> None:
        """Answer the next calls with these: HTTP status, and JSON or text."""
        for answer in answers:
            self.ordered.put(answer)

    def take(self, called: Called) -> Answer:
        """Keep a call and say how it is answered."""
        try:
            answer = self.ordered.get_nowait()
        except Empty:
            answer = self.usual
        self._calls.put(called)
        return answer

    def next(self) -> Called:
        """The next call, which is waited for."""
        return self._calls.get(timeout=TIMEOUT_S)

    @property
    def left(self) -> int:
        """How many calls came that were not looked at."""
        return self._calls.qsize()


@contextmanager
def receiver(usual: object) -> Iterator[Receiver]:
    """A receiver on a free port, for as long as the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            status, content = door.take(Called(self.command, self.path, self.headers, body))
            told = content if isinstance(content, str) else json.dumps(content)
            self.send_response(status)
            self.send_header("Location", f"{door.url}/elsewhere")
            self.end_headers()
            self.wfile.write(told.encode())

        do_GET = do_POST

        def log_message(self, format: str, *args: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    door = Receiver(f"http://127.0.0.1:{server.server_address[1]}", usual)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield door
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
