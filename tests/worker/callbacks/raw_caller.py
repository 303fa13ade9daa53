"""Calls as bytes on a socket: what no HTTP client would send."""

import json
import socket
from collections.abc import Mapping

from tests.worker.callbacks.platform_caller import TIMEOUT_S

END = b"\r\n\r\n"


class Line:
    """A connection of its own."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), TIMEOUT_S)
        self.heard = b""

    def __enter__(self) -> "Line":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def begin(self, path: str, headers: Mapping[str, str], method: str = "POST") -> None:
        """Send all that stands before a body."""
        lines = [f"{method} /callbacks/{path} HTTP/1.1", "Host: relay.example"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self.send("\r\n".join(lines).encode() + END)

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def answer(self) -> tuple[int, dict[str, object]]:
        """The HTTP status and the content of the answer, which is waited for."""
        while END not in self.heard:
            self._hear()
        head, _, rest = self.heard.partition(END)
        fields = dict(line.lower().split(b": ", 1) for line in head.splitlines()[1:])
        size = int(fields[b"content-length"])
        while len(self.heard) - len(head) - len(END) < size:
            self._hear()
        rest = self.heard.partition(END)[2]
        return int(head.split()[1]), json.loads(rest)

    def ends(self) -> bool:
        """Whether the server said that it closes, and has closed; waited for."""
        head = self.heard.partition(END)[0].lower()
        try:
            return b"\r\nconnection: close" in head and self.socket.recv(1) == b""
        except ConnectionError:
            return True

    def _hear(self) -> None:
        part = self.socket.recv(65_536)
        assert part, f"the server closed after {self.heard!r}"
        self.heard += part
