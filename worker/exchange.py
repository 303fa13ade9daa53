"""One HTTP request and its answer: within a time, up to a size, with no retry and no redirect."""

import json
import math
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from http.client import HTTP_PORT, HTTPS_PORT
from io import BytesIO
from urllib.parse import SplitResult, urlsplit

import certifi
import requests
import urllib3
from requests.auth import AuthBase
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import HTTPError

from worker.addresses import NotPublic, UnknownHost
from worker.line import Line
from worker.reply import OddReply, Reply

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
        prepared = _prepared(request, auth)
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
        reply = Reply(self._max_bytes, head_only=request.method == "HEAD")
        try:
            line.send(
                str(request.method),
                request.path_url,
                {"Host": host, **OURS, **request.headers},
                body.encode() if isinstance(body, str) else body,
            )
            while not reply.over:
                if self._clock() > deadline:
                    raise NoAnswer("the answer took too long to read", sent=True)
                reply.take(line.receive())
        except (OSError, OddReply) as error:
            raise NoAnswer(_why(line, reply, error), sent=True) from error
        if line.late:  # what was cut looks like a short answer
            raise NoAnswer("the answer took too long to read", sent=True)
        if reply.lasting:
            line.keep()
        else:
            line.close()
        return self._answer(reply)

    def _answer(self, reply: Reply) -> Answer:
        headers = CaseInsensitiveDict(reply.headers)
        body, cut = bytes(reply.body), reply.cut
        if "Content-Encoding" in headers:
            body, cut = self._plain(body, headers, cut=cut)
        return Answer(reply.status, headers, body[: self._max_bytes], cut)

    def _plain(self, body: bytes, headers: Mapping[str, str], *, cut: bool) -> tuple[bytes, bool]:
        """A body without its compression, up to the cap."""
        packed = urllib3.HTTPResponse(BytesIO(body), headers, preload_content=False)
        plain = bytearray()
        try:
            while chunk := packed.read(self._max_bytes + 1 - len(plain), decode_content=True):
                plain += chunk
        except HTTPError as error:
            raise NoAnswer(f"an odd answer: {type(error).__name__}", sent=True) from error
        return bytes(plain), cut or len(plain) > self._max_bytes


def _prepared(request: requests.Request, auth: AuthBase | None) -> requests.PreparedRequest:
    """Signed; without what requests would do for cookies, of which no vendor is sent any."""
    prepared = requests.PreparedRequest()
    prepared.prepare_method(request.method)
    prepared.prepare_url(request.url, request.params or None)
    prepared.prepare_headers(request.headers)
    prepared.prepare_body(request.data, request.files, request.json)
    prepared.prepare_auth(auth, str(request.url))
    return prepared


def _why(line: Line, reply: Reply, error: Exception) -> str:
    if line.late:
        if reply.status:
            return "the answer took too long to read"
        return "no answer within the time limit"
    if isinstance(error, OddReply):
        return f"an odd answer: {error}"
    if reply.status:
        return f"the answer broke off: {error}"
    return "the connection broke before an answer"
