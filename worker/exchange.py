"""One HTTP request and its answer: within a time, up to a size, with no retry and no redirect."""

import contextlib
import json
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.connection import HTTPConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
)

from worker.addresses import NotPublic, PublicConnection, PublicTlsConnection
from worker.deadline import Deadlines

log = logging.getLogger(__name__)

READ_BYTES = 65_536
DEADLINES = Deadlines()


class NoAnswer(Exception):
    """No whole answer came.

    Attributes:
        sent: whether bytes may have reached the vendor.
        forbidden: nothing may be sent there, as the vendor is configured.
    """

    def __init__(self, reason: str, *, sent: bool, forbidden: bool = False) -> None:
        super().__init__(reason)
        self.sent = sent
        self.forbidden = forbidden


@dataclass(frozen=True, slots=True)
class Answer:
    """What a vendor answered.

    Attributes:
        body: up to the cap; `cut` says that there was more.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    cut: bool = False

    def json(self) -> object:
        """The body as JSON, or None where it is not."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    def text(self) -> str:
        """The body as text, unreadable bytes replaced."""
        return self.body.decode("utf-8", "replace")


class Http:
    """Sends requests to one vendor from any thread; each thread keeps its own connections."""

    def __init__(
        self,
        *,
        timeout_s: float,
        connect_timeout_s: float,
        max_bytes: int,
        clock: Callable[[], float] = time.monotonic,
        cert: tuple[str, str] | None = None,
        ca_file: str | None = None,
        public_only: bool = False,
    ) -> None:
        """With `public_only`, nothing is sent to an address that is not everybody's."""
        self._timeout_s = timeout_s
        self._connect_timeout_s = min(connect_timeout_s, timeout_s)
        self._max_bytes = max_bytes
        self._clock = clock
        self._cert = cert
        self._verify: str | bool = ca_file or True
        self._public_only = public_only
        self._threads = threading.local()

    def send(self, request: requests.Request, auth: AuthBase | None = None) -> Answer:
        """Sign, send, and read the answer.

        Raises:
            NoAnswer: with `sent` false only if surely no byte of the request reached the vendor.
        """
        session = self._session()
        request.auth = auth
        prepared = session.prepare_request(request)
        line: _Line = self._threads.line
        line.late = False
        with DEADLINES.within(self._timeout_s + self._connect_timeout_s, line.cut):
            answer = self._exchange(session, prepared)
        if line.late:  # cut headers look like few headers
            raise NoAnswer("the answer took too long to read", sent=True)
        return answer

    def _exchange(self, session: requests.Session, prepared: requests.PreparedRequest) -> Answer:
        deadline = self._clock() + self._timeout_s
        try:
            response = session.send(
                prepared,
                timeout=(self._connect_timeout_s, self._timeout_s),
                allow_redirects=False,
                stream=True,
                cert=self._cert,
                verify=self._verify,
            )
        except requests.RequestException as error:
            raise _no_answer(error) from error
        except NotPublic as error:
            raise NoAnswer(str(error), sent=False, forbidden=True) from error
        except OSError as error:  # a certificate's file that is gone
            raise NoAnswer(str(error), sent=False) from error
        except Exception as error:
            log.exception("an answer that requests cannot take")
            raise NoAnswer(f"an odd answer: {type(error).__name__}", sent=True) from error
        with contextlib.closing(response):
            return self._read(response, deadline)

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._threads, "session", None)
        if session is None:
            session = _Session()
            session.trust_env = False
            adapter = _Line(public_only=self._public_only)
            session.mount("http://", adapter)
            session.mount("https://", adapter)
            self._threads.session = session
            self._threads.line = adapter
        return session

    def _read(self, response: requests.Response, deadline: float) -> Answer:
        body = bytearray()
        try:
            # read1 returns what has come; read would wait for the whole size, past any deadline
            # (urllib3#2123).
            while chunk := response.raw.read1(READ_BYTES, decode_content=True):
                body += chunk
                if len(body) > self._max_bytes:
                    break
                if self._clock() > deadline:
                    raise NoAnswer("the answer took too long to read", sent=True)
        except (OSError, requests.RequestException, HTTPError) as error:
            raise NoAnswer(f"the answer broke off: {type(error).__name__}", sent=True) from error
        return Answer(
            response.status_code,
            response.headers,
            bytes(body[: self._max_bytes]),
            len(body) > self._max_bytes,
        )


class _Session(requests.Session):
    """Looks at no redirect.

    Even when told to follow none, requests parses its address and reads its body whole
    (psf/requests#4123).
    """

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """There is none."""
        return None


class _Line(HTTPAdapter):
    """One thread's connections; the one in use can be cut from another thread."""

    def __init__(self, *, public_only: bool) -> None:
        self.late = False
        self._public_only = public_only
        self._used: HTTPConnection | None = None
        # The burst and the journal retry; a third ring inside the transport would multiply.
        super().__init__(pool_connections=4, pool_maxsize=4, max_retries=0)

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 as the base
        """The pool for a request, made to tell us the connection that it takes."""
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        if self._public_only:
            tls = pool.scheme == "https"
            pool.ConnectionCls = PublicTlsConnection if tls else PublicConnection
        take = type(pool)._get_conn

        def taken(timeout: float | None = None) -> HTTPConnection:
            connection: HTTPConnection = take(pool, timeout)
            self._used = connection
            return connection

        pool._get_conn = taken
        return pool

    def cut(self) -> None:
        """End the exchange under way: its thread finds the connection closed."""
        self.late = True
        sock = getattr(self._used, "sock", None)
        if sock is not None:
            with contextlib.suppress(OSError):
                # The base class's own: an SSL socket's would pull the session away under a reader
                # (python/cpython#124618).
                socket.socket.shutdown(sock, socket.SHUT_RDWR)


def _no_answer(error: requests.RequestException) -> NoAnswer:
    cause = getattr(error.args[0] if error.args else None, "reason", None)
    if isinstance(cause, NameResolutionError):
        return NoAnswer("the host's name is not known", sent=False)
    if isinstance(cause, NewConnectionError):
        return NoAnswer("the connection was refused", sent=False)
    if isinstance(error, requests.ConnectTimeout) or isinstance(cause, ConnectTimeoutError):
        return NoAnswer("no connection within the time limit", sent=False)
    if isinstance(error, requests.exceptions.SSLError):
        unsafe = _unverified(error)
        return NoAnswer(
            "the certificate is not trusted" if unsafe else "TLS failed", sent=not unsafe
        )
    if isinstance(error, requests.Timeout):
        return NoAnswer("no answer within the time limit", sent=True)
    return NoAnswer("the connection broke before an answer", sent=True)


def _unverified(error: BaseException | None) -> bool:
    """Whether a certificate that is not trusted is at the bottom of it."""
    for _ in range(8):
        if error is None or isinstance(error, ssl.SSLCertVerificationError):
            break
        inner = error.args[0] if error.args else None
        reason = getattr(inner, "reason", None)
        causes = (reason, inner, error.__cause__, error.__context__)
        error = next((cause for cause in causes if isinstance(cause, BaseException)), None)
    return isinstance(error, ssl.SSLCertVerificationError)
