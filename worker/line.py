"""One connection to one host, for one thread; whether bytes have left is known at any time.

It waits without a time limit of its own: its deadline cuts it. A limit on the socket costs two
more system calls for every one, and as many turns for the interpreter's lock.
"""

import contextlib
import socket
import ssl
import time
from collections.abc import Callable, Mapping

from urllib3.util.wait import wait_for_read

from worker.addresses import resolved
from worker.deadline import Deadline

# Servers end what is idle, many after five seconds. A request that crosses the end of its
# connection may have arrived or not, so none is sent on one that could be about to end.
IDLE_S = 4.0
READ_BYTES = 16_384
TCP_ESTABLISHED = 1


class Line:
    """A connection that is kept open from one request to the next.

    Attributes:
        deadline: for the exchanges over it.
        late: whether it was cut since it was ready.
    """

    def __init__(
        self,
        host: str,
        port: int,
        tls: Callable[[], ssl.SSLContext] | None,
        *,
        connect_timeout_s: float,
        public_only: bool,
    ) -> None:
        """Nothing is opened yet. With `public_only`, only to an address that is everybody's."""
        self.deadline = Deadline(self.cut)
        self.late = False
        self._host = host
        self._port = port
        self._tls = tls
        self._connect_timeout_s = connect_timeout_s
        self._public_only = public_only
        self._sock: socket.socket | None = None
        self._used_at = 0.0

    def __del__(self) -> None:
        """The thread that used it has ended."""
        self.close()

    def ready(self) -> None:
        """Have a connection that can be used; nothing of a request has left when this raises.

        Raises:
            NotPublic, UnknownHost: nothing was connected to.
            OSError: no connection, or no trust in who answers (ssl.SSLCertVerificationError).
        """
        self.late = False
        if self._sock is not None and self._worn_out(self._sock):
            self.close()
        if self._sock is None:
            self._open()

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> None:
        """Send a request in one piece.

        Raises:
            OSError: it may have arrived or not.
        """
        assert self._sock is not None  # noqa: S101 ready has been called
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self._sock.sendall(f"{method} {target} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + body)

    def receive(self) -> bytes:
        """What has come, after a wait for it; nothing when the other side has ended.

        Raises:
            OSError: the connection broke.
        """
        assert self._sock is not None  # noqa: S101 ready has been called
        return self._sock.recv(READ_BYTES)

    def keep(self) -> None:
        """The answer has been read, and both sides can use the connection again."""
        self._used_at = time.monotonic()

    def close(self) -> None:
        """End the connection."""
        if self._sock is not None:
            self._sock.close()
            self._sock = None

    def cut(self) -> None:
        """End the exchange under way, from another thread: its own finds the connection closed."""
        self.late = True
        if (sock := self._sock) is not None:
            with contextlib.suppress(OSError):
                # The base class's own: an SSL socket's would pull the session away under a reader
                # (python/cpython#124618).
                socket.socket.shutdown(sock, socket.SHUT_RDWR)

    def _open(self) -> None:
        """Look where the host is, once, and connect to just that."""
        addresses = resolved(self._host, self._port, public_only=self._public_only)
        self._sock = sock = self._connected(addresses)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(None)
            if self._tls is not None:
                self._sock = secure = self._tls().wrap_socket(
                    sock, server_hostname=self._host, do_handshake_on_connect=False
                )
                secure.do_handshake()  # where the deadline can cut it
        except BaseException:
            self.close()
            raise

    def _connected(self, addresses: list[str]) -> socket.socket:
        end = time.monotonic() + self._connect_timeout_s
        fault = OSError("the host has no address")
        for address in addresses:
            left_s = end - time.monotonic()
            if left_s <= 0:
                raise TimeoutError
            try:
                return socket.create_connection((address, self._port), left_s)
            except OSError as error:
                fault = error
        raise fault

    def _worn_out(self, sock: socket.socket) -> bool:
        """Idle for too long, or ended by the other side."""
        return time.monotonic() - self._used_at > IDLE_S or _ended(sock)


def _ended(sock: socket.socket) -> bool:
    if hasattr(socket, "TCP_INFO"):  # Linux tells without a wait
        return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != TCP_ESTABLISHED
    return wait_for_read(sock, timeout=0.0)
