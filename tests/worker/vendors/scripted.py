"""What stands in for a vendor: answers from a script, and the requests that were sent for them."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import fakeredis
import requests
from requests.auth import AuthBase

from worker.exchange import Answer, NoAnswer
from worker.tokens import Tokens
from worker.vendor import System
from worker.vendors import systems

NOON = datetime(2024, 5, 1, 4, 0, 0, tzinfo=UTC)  # 12:00 in Shanghai


class Clock:
    """Says what it was set to."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


def answer(content: object = None, status: int = 200, **headers: str) -> Answer:
    """JSON, or these bytes as they are."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return Answer(status, {k.replace("_", "-"): v for k, v in headers.items()}, body)


@dataclass
class Script:
    """Has the shape of Http: signs, keeps the request, and gives the next answer."""

    answers: list[Answer | NoAnswer] = field(default_factory=list)
    sent: list[requests.PreparedRequest] = field(default_factory=list)

    def send(self, request: requests.Request, auth: AuthBase | None = None, **_: object) -> Answer:
        request.auth = auth
        self.sent.append(request.prepare())
        following = self.answers.pop(0)
        if isinstance(following, NoAnswer):
            raise following
        return following


def make(
    name: str,
    settings: Mapping[str, object],
    clock: Callable[[], datetime] | None = None,
    broker: fakeredis.FakeServer | None = None,
) -> System[Any]:
    """The system of that name with these settings; its broker is its own unless it is given."""
    kind = systems()[name]
    tokens = Tokens(fakeredis.FakeRedis(server=broker or fakeredis.FakeServer()))
    return kind("vendor-1", kind.settings_type(**settings), tokens, clock or Clock())


def body(request: requests.Request) -> object:
    """The JSON that a request carries."""
    prepared = request.prepare()
    assert prepared.headers["Content-Type"] == "application/json"
    assert prepared.body is not None
    return json.loads(prepared.body)
