"""A TCP proxy on loopback that can hold, drop and cut what passes between us and a server.

It stands outside of the processes under test: a kill is forced by holding something still.
"""

import contextlib
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

ASKED, ANSWERED = "asked", "answered"
CHUNK = 65_536
Address = tuple[str, int]


@dataclass(eq=False)
class Link:
    """One connection through the proxy."""

    client: socket.socket
    server: socket.socket
    doomed: bool = False
    pending: dict[str, int] = field(default_factory=lambda: {ASKED: 0, ANSWERED: 0})
    talk: bytes = b""
    """For whoever watches: what was asked on it of late."""

    def cut(self) -> None:
        """End it on both sides; what it held is gone."""
        self.doomed = True
        for one in (self.client, self.server):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


Watch = Callable[[Link, str, bytes], bool]


class Proxy:
    """Passes bytes both ways until told otherwise."""

    def __init__(self, upstream: Address) -> None:
        self._upstream = upstream
        self.port = 0
        self._links: set[Link] = set()
        self._lock = threading.Lock()
        self._open = {ASKED: threading.Event(), ANSWERED: threading.Event()}
        for gate in self._open.values():
            gate.set()
        self.watch: Watch | None = None
        """Sees every chunk before it passes; False swallows it."""
        self.passed = {ASKED: 0, ANSWERED: 0}
        self._listen(0)

    def hold(self, way: str) -> None:
        """From now on nothing passes that way; it is kept."""
        self._open[way].clear()

    def let_go(self, way: str) -> None:
        """What was held passes, and all that follows."""
        self._open[way].set()

    def held(self, way: str) -> int:
        """On how many connections something is held."""
        with self._lock:
            return sum(1 for link in self._links if link.pending[way])

    def cut(self) -> int:
        """Cut all connections; what they held never arrives. Returns how many there were."""
        with self._lock:
            links = list(self._links)
        for link in links:
            link.cut()
        return len(links)

    def away(self) -> None:
        """Nothing listens any more, and all connections are cut."""
        self._stop_listening()
        self.cut()

    def back(self) -> None:
        """Listen again, on the same port."""
        self._listen(self.port)

    def _listen(self, port: int) -> None:
        self._listener = socket.create_server(("127.0.0.1", port), backlog=512)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _stop_listening(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def close(self) -> None:
        """Stop listening and cut everything."""
        self._stop_listening()
        self.cut()
        for gate in self._open.values():
            gate.set()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._link, args=(client,), daemon=True).start()

    def _link(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(self._upstream, timeout=5)
        except OSError:
            client.close()
            return
        server.settimeout(None)
        for one in (client, server):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link = Link(client, server)
        with self._lock:
            self._links.add(link)
        back = threading.Thread(target=self._pump, args=(link, server, client, ANSWERED))
        back.daemon = True
        back.start()
        self._pump(link, client, server, ASKED)
        back.join()
        with self._lock:
            self._links.discard(link)
        client.close()
        server.close()

    def _pump(self, link: Link, source: socket.socket, sink: socket.socket, way: str) -> None:
        try:
            while chunk := source.recv(CHUNK):
                link.pending[way] = len(chunk)
                while not link.doomed and not self._open[way].wait(0.05):
                    pass
                link.pending[way] = 0
                if link.doomed:
                    break
                if self.watch is None or self.watch(link, way, chunk):
                    sink.sendall(chunk)
                    self.passed[way] += len(chunk)
        except OSError:
            pass
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)
