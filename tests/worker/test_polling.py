import json
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

import fakeredis
import pytest
import requests

from config.settings import Settings
from tasks.poll import poll
from tests.worker.talker import Badge
from tests.worker.vendors.scripted import Clock, Script, answer
from worker.app import app
from worker.events import Event, Kind, parse
from worker.exchange import Answer, NoAnswer
from worker.outcomes import Accepted, Outcome, TryLater
from worker.polling import AGAIN_S, Poller
from worker.roster import Roster
from worker.tokens import Tokens
from worker.vendor import CannotSign, Send, System, Takes, VendorSettings

Told = tuple[Kind, Mapping[str, object]]
STATUS, RECORD = Kind.CONNECTOR_STATUS, Kind.CHARGE_RECORD
SETTINGS = Settings(_env_file=None)
WELL, STALE = answer("well"), answer("stale", 401)


class Watched(System[VendorSettings]):
    """Tells what it is made to tell, after as many requests."""

    name = "watched"
    document = "-"
    settings_type = VendorSettings
    takes: ClassVar[Mapping[Kind, Takes]] = {}

    def __init__(self, vendor: str = "cloud", poll_s: float | None = 60) -> None:
        settings = VendorSettings(base_url="https://cloud.example", poll_s=poll_s)
        super().__init__(vendor, settings, Tokens(fakeredis.FakeRedis()))
        self.told: list[Told] = [(STATUS, status())]
        self.fault: Exception | None = None
        self.requests = 1
        self.badge = 1
        self.meanwhile: Callable[[], object] = lambda: None
        self.polled = 0

    def request(self, events: Sequence[Event]) -> requests.Request:
        raise NotImplementedError

    def read(self, answer: Answer, kind: Kind) -> Outcome:
        return Accepted()

    def auth(self, http: object) -> Badge:
        return Badge(self.badge)

    def renew(self, answer: Answer, auth: object, http: object) -> bool:
        self.badge += answer.status == 401
        return answer.status == 401

    def poll(self, send: Send) -> Sequence[Told]:
        self.polled += 1
        for _ in range(self.requests):
            send(requests.Request("GET", self.settings.url))
            self.meanwhile()
        if self.fault is not None:
            raise self.fault
        return self.told


def status(connector: str = "C-1", **changes: object) -> dict[str, object]:
    said = {"operatorId": "o", "connectorId": connector, "status": 1}
    return said | {"updateTime": "2024-05-01T04:00:00Z"} | changes


class Desk:
    """One broker, and the vendors that any number of workers poll."""

    def __init__(self, *systems: Watched) -> None:
        self.broker = fakeredis.FakeServer()
        self.redis = fakeredis.FakeRedis(server=self.broker)
        self.roster = Roster({system.vendor: system for system in systems})
        self.script = Script([WELL] * 50)
        self.stopping = threading.Event()

    def poll(self) -> None:
        """As another worker does it."""
        Poller(
            SETTINGS,
            self.redis,
            self.roster,
            stopping=self.stopping,
            line=lambda system, settings: self.script,  # type: ignore[arg-type, return-value]
            clock=Clock(),
        ).poll()

    def poll_again(self) -> None:
        """After poll_s."""
        self.redis.delete(*[f"relay:poll:{vendor}" for vendor in self.roster.vendors])
        self.poll()

    def queue(self, kind: Kind = STATUS) -> list[dict[str, object]]:
        """What was published, oldest first; it is taken away."""
        items = self.redis.lrange(kind.value, 0, -1)
        self.redis.delete(kind.value)
        return [json.loads(item) for item in reversed(items)]


def test_what_a_vendor_knows_is_put_on_the_queues_of_its_kinds() -> None:
    record = {"orderNo": "A-1", "totalMoney": "1.20"}
    watched = Watched()
    watched.told = [(STATUS, status()), (RECORD, record), (STATUS, status("C-2"))]
    desk = Desk(watched)
    desk.poll()
    assert desk.queue(RECORD) == [record]
    published = desk.queue()
    assert [event["connectorId"] for event in published] == ["C-1", "C-2"]
    assert parse(STATUS, published[0]).subject == "o/C-1"


def test_a_vendor_is_polled_by_one_worker_of_all_and_again_after_poll_s() -> None:
    watched = Watched(poll_s=60)
    desk = Desk(watched)
    for _ in range(3):
        desk.poll()
    assert watched.polled == 1
    assert 0 < desk.redis.pttl("relay:poll:cloud") <= 60_000
    desk.poll_again()
    assert watched.polled == 2


def test_a_vendor_without_poll_s_is_never_polled() -> None:
    watched = Watched(poll_s=None)
    Desk(watched).poll()
    assert watched.polled == 0


@pytest.mark.parametrize("poll_s", [0.0001, 0.5, 1e6])
def test_any_poll_s_can_be_kept(poll_s: float) -> None:
    watched = Watched(poll_s=poll_s)
    desk = Desk(watched)
    desk.poll()
    assert len(desk.queue()) == 1


def test_while_one_worker_is_at_it_no_other_begins_however_long_it_takes() -> None:
    watched = Watched()
    desk = Desk(watched)
    watched.meanwhile = desk.poll_again
    desk.poll()
    assert watched.polled == 1
    desk.poll_again()
    assert watched.polled == 2


def test_every_request_keeps_the_lock_for_another_while() -> None:
    watched = Watched()
    watched.requests = 3
    desk = Desk(watched)
    left: list[int] = []

    def almost_lost() -> None:
        left.append(desk.redis.pttl("relay:polling:cloud"))
        desk.redis.pexpire("relay:polling:cloud", 5000)

    watched.meanwhile = almost_lost
    desk.poll()
    assert all(ms > 1000 * SETTINGS.lease_s - 5000 for ms in left)
    assert len(left) == 3


def test_a_worker_that_lost_the_lock_stops_and_publishes_nothing() -> None:
    watched = Watched()
    watched.requests = 3
    desk = Desk(watched)
    watched.meanwhile = lambda: desk.redis.delete("relay:polling:cloud")
    desk.poll()
    assert len(desk.script.sent) == 1
    assert desk.queue() == []


def test_requests_are_signed_and_credentials_renewed_once() -> None:
    watched = Watched()
    desk = Desk(watched)
    desk.script.answers = [STALE, WELL]
    desk.poll()
    assert [sent.headers["Badge"] for sent in desk.script.sent] == ["1", "2"]
    assert len(desk.queue()) == 1


def test_a_status_that_did_not_change_is_not_published_again() -> None:
    watched = Watched()
    desk = Desk(watched)
    desk.poll()
    watched.told = [(STATUS, status(updateTime="2024-05-01T04:01:00Z", power="7.1", voltage=220))]
    desk.poll_again()
    assert len(desk.queue()) == 1


@pytest.mark.parametrize("change", [{"status": 3}, {"orderNo": "A-1"}, {"portState": 14}])
def test_a_status_that_changed_is_published_and_so_is_the_way_back(
    change: dict[str, object],
) -> None:
    watched = Watched()
    desk = Desk(watched)
    desk.poll()
    watched.told = [(STATUS, status(**change)), (STATUS, status("C-2"))]
    desk.poll_again()
    watched.told = [(STATUS, status()), (STATUS, status("C-2"))]
    desk.poll_again()
    assert [event["connectorId"] for event in desk.queue()] == ["C-1", "C-1", "C-2", "C-1"]


def test_connectors_of_two_operators_or_vendors_are_told_apart() -> None:
    one, other = Watched("one"), Watched("other")
    one.told = [(STATUS, status()), (STATUS, status(operatorId="p"))]
    desk = Desk(one, other)
    desk.poll()
    desk.poll_again()
    assert len(desk.queue()) == 3


def test_an_unchanged_status_is_published_again_after_a_while() -> None:
    desk = Desk(Watched())
    desk.poll()
    key = "relay:polled:cloud:o/C-1"
    assert 0 < desk.redis.ttl(key) <= AGAIN_S
    desk.redis.delete(key)
    desk.poll_again()
    assert len(desk.queue()) == 2


def test_many_connectors_are_published_in_order() -> None:
    watched = Watched()
    watched.told = [(STATUS, status(f"C-{n}")) for n in range(1201)]
    desk = Desk(watched)
    desk.poll()
    assert [event["connectorId"] for event in desk.queue()] == [f"C-{n}" for n in range(1201)]
    desk.poll_again()
    assert desk.queue() == []


def test_what_could_not_be_published_is_published_the_next_time() -> None:
    desk = Desk(Watched())
    desk.redis.set(STATUS.value, "no list")
    desk.poll()
    desk.redis.delete(STATUS.value)
    desk.poll_again()
    assert len(desk.queue()) == 1


@pytest.mark.parametrize(
    "fault",
    [
        NoAnswer("no answer within the time limit", sent=True),
        CannotSign(TryLater("the account is locked")),
        KeyError("data"),
        ValueError("two\nlines"),
    ],
)
def test_a_failing_poll_is_one_line_in_the_log_and_stops_no_other(
    fault: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    failing, well = Watched("failing"), Watched("well")
    failing.fault = fault
    desk = Desk(failing, well)
    desk.poll()
    assert len(desk.queue()) == 1
    (line,) = caplog.records
    assert (line.levelno, line.name) == (logging.WARNING, "worker.polling")
    assert line.getMessage().startswith("failing: not polled: ")
    assert "\n" not in line.getMessage()


def test_after_a_failure_the_lock_is_free_and_the_next_poll_waits_its_time() -> None:
    watched = Watched()
    watched.fault = KeyError("data")
    desk = Desk(watched)
    desk.poll()
    desk.poll()
    assert watched.polled == 1
    watched.fault = None
    desk.poll_again()
    assert len(desk.queue()) == 1


def test_a_worker_that_stops_asks_no_more_and_publishes_nothing() -> None:
    watched = Watched()
    watched.requests = 3
    desk = Desk(watched, Watched("other"))
    watched.meanwhile = desk.stopping.set
    desk.poll()
    assert len(desk.script.sent) == 1
    assert desk.queue() == []
    assert not desk.redis.exists("relay:poll:other"), "another worker may ask it at once"


def test_a_broker_that_is_away_is_one_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk(Watched())
    desk.broker.connected = False
    desk.poll()
    assert len(caplog.records) == 1


def test_the_clock_polls_on_its_own_queue() -> None:
    entry = app.conf.beat_schedule["poll"]
    assert entry["task"] == poll.name
    routed = app.amqp.router.route({}, entry["task"])
    assert routed["queue"].name == "relay.clock"
    assert entry["options"]["expires"] > entry["schedule"].total_seconds()
