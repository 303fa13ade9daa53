"""What every played system has in common, so that a new one is a single file.

A system answers calls; it knows its document and nothing of sockets, faults or counters.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import ClassVar, NamedTuple
from urllib.parse import parse_qsl

from sandbox.outgoing import Outgoing
from sandbox.received import Received


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back to the caller; `refused` says that nothing of the call was accepted."""

    body: bytes
    status: int = 200
    refused: bool = False

    @classmethod
    def of(cls, content: object, *, status: int = 200, refused: bool = False) -> "Answer":
        """The content as UTF-8 JSON."""
        return cls(
            json.dumps(content, ensure_ascii=False).encode(errors="replace"), status, refused
        )


@dataclass(slots=True)
class Call:
    """One request to a played system; `path` begins after the vendor's prefix."""

    method: str
    path: str
    query_string: str
    headers: Mapping[str, str]
    body: bytes
    rejects: Callable[[str, str], str | None]
    """(path, item key) -> the message with which a fault on demand refuses that item."""
    client_certificate: bool = False
    """Whether the caller came over TLS with a certificate that was verified."""

    @property
    def query(self) -> dict[str, str]:
        """The query parameters; of a repeated one the last counts."""
        return dict(self.query_pairs)

    @property
    def query_pairs(self) -> list[tuple[str, str]]:
        """The query parameters in their order, repeated ones repeated."""
        return parse_qsl(self.query_string, keep_blank_values=True)

    def json(self) -> tuple[object, str | None]:
        """The body as JSON and None, or None and why it is none; decimals keep their digits."""
        if not self.headers.get("Content-Type", "").startswith("application/json"):
            return None, "Content-Type应为application/json"
        try:
            return _EXACT_JSON.decode(self.body.decode()), None
        except (ValueError, RecursionError):
            return None, "请求体不是合法的JSON"


Operation = Callable[[Call], Answer]
Control = Callable[[Mapping[str, object]], object]


class ControlError(ValueError):
    """A control call asks for something that cannot be; the message says what was expected."""


class Carried(NamedTuple):
    """What a request carries that a fault could make invalid."""

    token: bool
    app_key: bool


class System(ABC):
    """A vendor's system with the settings of one vendor."""

    settings: ClassVar[Mapping[str, object]]
    """Settings a vendor may give, with their defaults; a default's type is the setting's type."""

    has_tokens: ClassVar[bool] = False
    has_app_key: ClassVar[bool] = False

    def __init__(self, received: Received) -> None:
        """Keep what is accepted in `received`."""
        self.received = received
        self.outgoing = Outgoing(received)

    @cached_property
    def _operations(self) -> Mapping[tuple[str, str], Operation]:
        return self.operations()

    @abstractmethod
    def operations(self) -> Mapping[tuple[str, str], Operation]:
        """The calls this system knows: (method, path) -> what answers it."""

    def answer(self, call: Call) -> Answer:
        """Answer a call; an unknown path is 404, a known one with another method 405."""
        operation = self._operations.get((call.method, call.path))
        if operation is not None:
            return operation(call)
        known = any(path == call.path for _, path in self._operations)
        reason = "Method Not Allowed" if known else "Not Found"
        return Answer.of({"message": reason}, status=405 if known else 404, refused=True)

    def controls(self) -> Mapping[str, Control]:
        """What a tester may do to this system: name -> what is done with a JSON object.

        It returns what is shown, or an awaitable of it; a wrong object raises ControlError.
        """
        return {}

    def carries(self, headers: Mapping[str, str], query: Mapping[str, str]) -> Carried:
        """What a request carries that a fault could make invalid."""
        return Carried(token="Token" in headers, app_key=False)

    def expire_tokens(self) -> None:  # noqa: B027 - a system without tokens has none to expire
        """Make every token issued so far invalid."""

    def rotate_app_key(self) -> None:  # noqa: B027 - a system without an app key has none
        """Make the app key invalid in favour of a new one."""

    def forget(self) -> None:  # noqa: B027 - a system that keeps nothing has nothing to forget
        """Be again as at the start; tokens and keys stay as they are."""


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


_EXACT_JSON = json.JSONDecoder(parse_float=Decimal, parse_constant=_no_constant)
