"""One HTTP request and its answer: within a time, up to a size, with no retry and no redirect."""

import json
import logging
import math
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from http.client import HTTP_PORT, HTTPS_PORT, HTTPException, HTTPResponse
from urllib.parse import SplitResult, urlsplit

import certifi
import requests
import urllib3
from requests.auth import AuthBase
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import HTTPError

from worker.addresses import NotPublic, UnknownHost
from worker.line import Line

log = logging.getLogger(__name__)

READ_BYTES = 65_536
OURS = {"User-Agent": "ChargeRelay", "Accept": "*/*", "Accept-Encoding": "identity"}


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
    """Sends requests to one vendor from any thread; each thread keeps its own connections.

    requests prepares and signs; what it would send with costs four times as much
    (docs/decisions/0023).
    """

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
        self._ca_file = ca_file
        self._public_only = public_only
        self._threads = threading.local()

    def send(
        self,
        request: requests.Request,
        auth: AuthBase | None = None,
        *,
        begin_by: float = math.inf,
    ) -> Answer:
        """Sign, send, and read the answer.

        Args:
            request: what to send.
            auth: signs it.
            begin_by: of the monotonic clock; nothing leaves later, however long the process slept.

        Raises:
            NoAnswer: with `sent` false only if surely no byte of the request reached the vendor.
        """
        request.auth = auth
        prepared = request.prepare()
        url = urlsplit(str(prepared.url))
        line = self._line(url)
        with line.deadline.within(self._timeout_s + self._connect_timeout_s):
            self._open(line)
            if time.monotonic() > begin_by:
                raise NoAnswer("there was no time left to begin", sent=False)
            try:
                return self._exchange(line, url.netloc.rpartition("@")[2], prepared)
            except BaseException:
                line.close()
                raise

    def _line(self, url: SplitResult) -> Line:
        lines: dict[tuple[str, str], Line] = self._threads.__dict__.setdefault("lines", {})
        line = lines.get((url.scheme, url.netloc))
        if line is None:
            tls = url.scheme == "https"
            line = lines[(url.scheme, url.netloc)] = Line(
                url.hostname or "",
                url.port or (HTTPS_PORT if tls else HTTP_PORT),
                (lambda: self._tls) if tls else None,
                connect_timeout_s=self._connect_timeout_s,
                public_only=self._public_only,
            )
        return line

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Verifies whom we talk to, by the vendor's authority or everybody's; shows who we are."""
        context = ssl.create_default_context(cafile=self._ca_file or certifi.where())
        if self._cert is not None:
            context.load_cert_chain(*self._cert)
        return context

    def _open(self, line: Line) -> None:
        try:
            line.ready()
        except NotPublic as error:
            raise NoAnswer(str(error), sent=False, forbidden=True) from error
        except UnknownHost as error:
            raise NoAnswer("the host's name is not known", sent=False) from error
        except ssl.SSLCertVerificationError as error:
            raise NoAnswer("the certificate is not trusted", sent=False) from error
        except ssl.SSLError as error:
            raise NoAnswer("TLS failed", sent=False) from error
        except TimeoutError as error:
            raise NoAnswer("no connection within the time limit", sent=False) from error
        except ConnectionRefusedError as error:
            raise NoAnswer("the connection was refused", sent=False) from error
        except OSError as error:
            raise NoAnswer(f"no connection: {error.strerror or error}", sent=False) from error

    def _exchange(self, line: Line, host: str, request: requests.PreparedRequest) -> Answer:
        deadline = self._clock() + self._timeout_s
        body = request.body or b""
        try:
            response = line.send(
                str(request.method),
                request.path_url,
                {"Host": host, **OURS, **request.headers},
                body.encode() if isinstance(body, str) else body,
            )
        except Exception as error:
            if line.late:
                raise NoAnswer("no answer within the time limit", sent=True) from error
            if isinstance(error, OSError):
                raise NoAnswer("the connection broke before an answer", sent=True) from error
            log.exception("an answer that cannot be taken")
            raise NoAnswer(f"an odd answer: {type(error).__name__}", sent=True) from error
        with response:
            return self._read(line, response, deadline)

    def _read(self, line: Line, response: HTTPResponse, deadline: float) -> Answer:
        body = bytearray()
        read = _plain(response)
        try:
            while chunk := read(READ_BYTES):
                body += chunk
                if len(body) > self._max_bytes:
                    break
                if self._clock() > deadline:
                    raise NoAnswer("the answer took too long to read", sent=True)
        except (OSError, HTTPException, HTTPError) as error:
            why = "took too long to read" if line.late else f"broke off: {type(error).__name__}"
            raise NoAnswer(f"the answer {why}", sent=True) from error
        if line.late:  # what was cut looks like a short answer
            raise NoAnswer("the answer took too long to read", sent=True)
        if response.length and not chunk:
            raise NoAnswer(f"the answer broke off: {response.length} bytes are missing", sent=True)
        line.keep(response, whole=not chunk)
        return Answer(
            response.status,
            CaseInsensitiveDict(response.getheaders()),
            bytes(body[: self._max_bytes]),
            len(body) > self._max_bytes,
        )


def _plain(response: HTTPResponse) -> Callable[[int], bytes]:
    """Reads what has come of a body, without waiting for more, and without its compression."""
    if not response.getheader("Content-Encoding"):
        return response.read1
    decoded = urllib3.HTTPResponse(response, dict(response.headers), preload_content=False)
    return partial(decoded.read1, decode_content=True)
