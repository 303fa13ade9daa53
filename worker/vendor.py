"""What a system must say of itself: its settings, what it takes, its request, its answers.

A system is a class, one file in `worker/vendors/`; a vendor is an instance of it with settings.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import ClassVar, Generic, TypeVar

import requests
from pydantic import BaseModel, ConfigDict, Field, HttpUrl, SecretStr
from requests.auth import AuthBase

from config.logs import mask
from worker.callback import Callback
from worker.copies import Copy, Span
from worker.events import Event, Kind
from worker.exchange import Answer, Http
from worker.operation import Operation
from worker.outcomes import Absent, OnUnclear, Outcome, TryLater, Unclear
from worker.tokens import Tokens


class VendorSettings(BaseModel):
    """What every vendor's table in the vendors file may say. Each system adds its own."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", str_strip_whitespace=True, hide_input_in_errors=True
    )

    base_url: HttpUrl = Field(description="where the vendor's API begins")
    private_address: bool = Field(
        False, description="its address may be private, loopback or link-local"
    )
    takes: frozenset[Kind] | None = Field(None, description="fewer kinds than the system can")
    stations: tuple[str, ...] = Field(("*",), description='stationIds it is told of; "*": all')
    operators: tuple[str, ...] = Field(("*",), description='operatorIds it is told of; "*": all')
    concurrency: int = Field(
        16, ge=1, le=256, description="requests in flight, per lane and worker"
    )
    rate_per_s: float | None = Field(None, gt=0, description="requests a second, per worker")
    timeout_s: float | None = Field(None, gt=0, description="for one whole request")
    ca_file: str | None = Field(
        None, description="file of the certificate authority to trust in place of the public ones"
    )
    poll_s: float | None = Field(
        None, gt=0, description="how often to ask a vendor that does not tell; absent: never"
    )
    refresh_s: float | None = Field(
        None, ge=0, description="how often to tell an unchanged status again; 0 or absent: never"
    )
    on_unclear: dict[Kind, OnUnclear] | OnUnclear | None = Field(
        None, description="resend, verify or hold, for all kinds or by kind"
    )

    def __repr_args__(self) -> Iterator[tuple[str | None, object]]:
        """What is shown of it: no login that stands in a URL."""
        for name, value in super().__repr_args__():
            yield name, mask(str(value)) if isinstance(value, HttpUrl) else value

    @property
    def secrets(self) -> frozenset[str]:
        """What nobody may see."""
        return frozenset(v.get_secret_value() for _, v in self if isinstance(v, SecretStr))

    @property
    def url(self) -> str:
        """The base URL without a slash at its end."""
        return str(self.base_url).rstrip("/")


@dataclass(frozen=True, slots=True)
class Takes:
    """How a system takes one kind of event.

    Attributes:
        pack: the most events in one request.
        on_unclear: the default for reports of which nobody knows whether they arrived.
        all_or_nothing: one bad event makes the vendor refuse a whole request.
        look_up: whether the system can tell what has arrived.
        newest_only: of a connector's statuses only the newest is told; False where each is an
            occurrence of its own.
        most_failures: failures of one event after which the vendor takes it no more; None: it has
            no call to report an event again.
    """

    pack: int = 1
    on_unclear: OnUnclear = OnUnclear.RESEND
    all_or_nothing: bool = False
    look_up: bool = False
    newest_only: bool = True
    most_failures: int | None = None


class CannotSign(Exception):
    """The credentials for a request could not be had; `outcome` says what that means."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome


Send = Callable[[requests.Request], Answer]
S = TypeVar("S", bound=VendorSettings)


class System(ABC, Generic[S]):
    """A vendor's protocol. It builds and reads; it never sends by itself, retries or waits.

    `auth` and `renew` are given the vendor's Http for what signing itself needs to ask.
    """

    name: ClassVar[str]
    document: ClassVar[str]
    settings_type: ClassVar[type[VendorSettings]]
    takes: ClassVar[Mapping[Kind, Takes]]
    operations: ClassVar[Mapping[str, Operation]] = {}
    callbacks: ClassVar[Mapping[str, Callback]] = {}
    reads_back: ClassVar[frozenset[Kind]] = frozenset()
    ends: ClassVar[Mapping[str, str]] = {}

    def __init__(
        self,
        vendor: str,
        settings: S,
        tokens: Tokens,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.vendor = vendor
        self.settings = settings
        self.tokens = tokens
        self.clock = clock

    def wants(self, event: Event) -> bool:
        """Whether an event of a kind it takes can be told at all."""
        return True

    @abstractmethod
    def request(self, events: Sequence[Event]) -> requests.Request:
        """The unsigned request for events of one kind, at most `pack` of them."""

    def request_again(self, event: Event, vendor_ref: str) -> requests.Request:
        """The unsigned request for an event that failed at the vendor, under the vendor's id.

        Asked of a system only for kinds with `most_failures`.
        """
        raise NotImplementedError

    @abstractmethod
    def read(self, answer: Answer, kind: Kind) -> Outcome:
        """What the answer to such a request means, for all its events."""

    def auth(self, http: Http) -> AuthBase | None:
        """What signs a request, anew for every try.

        Raises:
            CannotSign: a token that is needed could not be had.
            NoAnswer: the request for it was not answered.
        """
        return None

    def renew(self, answer: Answer, auth: AuthBase | None, http: Http) -> bool:
        """If the answer says that the credentials ran out, get new ones and say so.

        The request is then signed and sent once more, within the same try.

        Raises:
            CannotSign, NoAnswer: as for `auth`.
        """
        return False

    def look_up(self, events: Sequence[Event], send: Send) -> Sequence[Outcome | Absent]:
        """For each event: Accepted if the vendor has it, Absent, or why that cannot be told.

        Args:
            events: what may have arrived.
            send: signs and sends a request; raises CannotSign or NoAnswer.
        """
        return [Unclear(f"{self.name} offers nothing to look it up with") for _ in events]

    def read_back(self, kind: Kind, span: Span, send: Send) -> Iterator[Sequence[Copy]]:
        """Page by page, all that the vendor has of the span, and what else stands on the pages.

        Asked of a system only for the kinds in `reads_back`. What it has may come twice.

        Raises:
            NotRead: it could not be read whole.
            CannotSign, NoAnswer: as for `auth`.
        """
        raise NotImplementedError

    def copy_of(self, event: Event) -> Copy:
        """An event as it was told, under the key by which the vendor has it."""
        raise NotImplementedError

    def logged(self, name: str, subject: str, send: Send) -> Mapping[str, object] | None:
        """The arguments of a callback in the vendor's own log of its calls; None without.

        Asked of a system only for the callbacks in `ends`, which has them by the callback that
        begins what they end.

        Raises:
            NotRead, CannotSign, NoAnswer: as for `read_back`.
        """
        raise NotImplementedError

    def certificate(self) -> tuple[str, str] | None:
        """Files of the client certificate and its key, where the vendor asks for mutual TLS."""
        return None

    def poll(self, send: Send) -> Sequence[tuple[Kind, Mapping[str, object]]]:
        """Ask a vendor that does not tell: what it knows, as events for their queues.

        Called every `settings.poll_s` seconds, if that is set.

        Raises:
            CannotSign, NoAnswer: as for `auth`.
        """
        return []

    def answer(self, http_status: int, message: str, data: object = None) -> Mapping[str, object]:
        """The body that a caller of ours understands.

        Args:
            http_status: 200 for what was taken; else what is wrong, as HTTP counts.
            message: a sentence.
            data: what it asked for.
        """
        return {"status": http_status, "message": message, "data": data}

    def unclear_rule(self, kind: Kind) -> OnUnclear:
        """What an unclear report of that kind leads to."""
        rule = self.settings.on_unclear
        if isinstance(rule, Mapping):
            rule = rule.get(kind)
        return rule or self.takes[kind].on_unclear

    def kinds(self) -> frozenset[Kind]:
        """The kinds this vendor is told."""
        can = frozenset(self.takes)
        return can if self.settings.takes is None else can & self.settings.takes


def by_status(answer: Answer) -> Outcome | None:
    """What the HTTP status alone says, where it says anything; None: read the body."""
    code = str(answer.status)
    match answer.status:
        case 408 | 425 | 429:
            return TryLater(
                f"HTTP {code}", code, after_s=retry_after_s(answer), whole_lane=answer.status == 429
            )
        case status if status < 200:
            return Unclear(f"HTTP {code}: no answer to the request", code)
        case 504:
            return Unclear("HTTP 504: a gateway gave up waiting for the vendor", code)
        case 503:
            after_s = retry_after_s(answer)
            return TryLater("HTTP 503", code, after_s=after_s, whole_lane=after_s is not None)
        case status if status >= 500 or 300 <= status < 400:
            return TryLater(f"HTTP {code}", code)
        case _:
            return None


def retry_after_s(
    answer: Answer, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> float | None:
    """The `Retry-After` header in seconds, from either of its forms; None if there is none."""
    value = next((v for k, v in answer.headers.items() if k.lower() == "retry-after"), "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now()).total_seconds())
