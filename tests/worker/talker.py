"""A vendor that tests script: a system with a word for everything, and the line to it."""

import json
import math
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

import fakeredis
import requests
from requests.auth import AuthBase

from worker.events import Event, Kind
from worker.exchange import Answer, NoAnswer
from worker.outcomes import Absent, Accepted, Outcome, Refused, Unclear
from worker.tokens import Tokens
from worker.vendor import Send, System, Takes, VendorSettings, by_status

WELL, BAD, BROKEN, STALE = Answer(200, body=b"ok"), Answer(400), Answer(500), Answer(401)
RESET = NoAnswer("the connection broke before an answer", sent=True)
REFUSED = NoAnswer("the connection was refused", sent=False)
Says = Callable[[list[str]], Answer | NoAnswer]


class Badge(AuthBase):
    """Shows which credentials a request was signed with."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        r.headers["Badge"] = str(self.number)
        return r


class Talker(System[VendorSettings]):
    """200 accepts, 400 refuses, 401 wants a new badge; the rest is as HTTP says."""

    name = "talker"
    document = "-"
    settings_type = VendorSettings
    takes: ClassVar[Mapping[Kind, Takes]] = {kind: Takes(pack=12) for kind in Kind}

    def __init__(self) -> None:
        settings = VendorSettings(base_url="https://talker.example")
        super().__init__("talker", settings, Tokens(fakeredis.FakeRedis()))
        self.badge = 1
        self.auths: list[Exception | None] = []
        self.renewing: Exception | None = None
        self.unspeakable: set[str] = set()
        self.unreadable = False
        self.meaning: Outcome | None = None
        self.found: dict[str, Outcome | Absent] = {}

    def request(self, events: Sequence[Event]) -> requests.Request:
        subjects = [event.subject for event in events]
        if self.unspeakable & set(subjects):
            raise ValueError("no word for it")
        return requests.Request("POST", self.settings.url + "/x?token=HIDDEN", json=subjects)

    def read(self, answer: Answer, kind: Kind) -> Outcome:
        if self.unreadable:
            raise KeyError("result")
        if self.meaning is not None:
            return self.meaning
        if answer.status == 400:
            return Refused("bad", "400")
        if answer.status == 401:
            return Refused("still not signed well", "401")
        return by_status(answer) or Accepted(answer.text())

    def auth(self, http: object) -> Badge:
        fault = self.auths.pop(0) if self.auths else None
        if fault is not None:
            raise fault
        return Badge(self.badge)

    def renew(self, answer: Answer, auth: AuthBase | None, http: object) -> bool:
        if answer.status != 401 or self.badge == 2:
            return False
        if self.renewing is not None:
            raise self.renewing
        self.badge = 2
        return True

    def look_up(self, events: Sequence[Event], send: Send) -> Sequence[Outcome | Absent]:
        send(requests.Request("GET", self.settings.url, params={"id": [e.subject for e in events]}))
        if self.unreadable:
            raise KeyError("result")
        return [self.found.get(event.subject, Unclear("not read")) for event in events]


class Line:
    """Has the shape of Http: keeps what was sent, answers as scripted, from any thread."""

    def __init__(self, *script: Answer | NoAnswer, says: Says | None = None) -> None:
        self.script = list(script)
        self.says = says
        self.sent: list[list[str]] = []
        self.badges: list[str] = []
        self.methods: list[str] = []
        self.begin_by: list[float] = []
        self._lock = threading.Lock()

    def send(
        self,
        request: requests.Request,
        auth: AuthBase | None = None,
        *,
        begin_by: float = math.inf,
    ) -> Answer:
        self.begin_by.append(begin_by)
        request.auth = auth
        prepared = request.prepare()
        subjects = json.loads(prepared.body) if prepared.body else request.params["id"]
        with self._lock:
            self.sent.append(subjects)
            self.methods.append(str(prepared.method))
            self.badges.append(prepared.headers["Badge"])
            answer = self.script.pop(0) if self.script else WELL
        if self.says is not None:
            answer = self.says(subjects)
        if isinstance(answer, NoAnswer):
            raise answer
        return answer
