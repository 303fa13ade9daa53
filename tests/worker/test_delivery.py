import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from config.settings import Settings
from tests.worker.desk import CITY, POLICIES, RECORD, STATUS, WARNING, Desk, Steady
from tests.worker.given import NOON, record, status, warning
from tests.worker.talker import BROKEN, RESET, WELL, Line, Talker
from worker.breaker import Breaker
from worker.delivery import Delivery
from worker.events import Kind
from worker.exchange import Answer
from worker.journal import gates, tables
from worker.outcomes import OnUnclear, TryLater
from worker.pace import Pace
from worker.sender import Sender
from worker.telling import Teller

SETTINGS = Settings(_env_file=None, burst_tries=1, breaker_min_calls=4, breaker_open_s=(5, 10))


@pytest.fixture
def desk(engine: Engine) -> Desk:
    return Desk(engine)


class Lane:
    """A delivery with everything around it but the network."""

    def __init__(
        self,
        desk: Desk,
        line: Line,
        kind: Kind = RECORD,
        *,
        pack: int = 1,
        concurrency: int = 1,
        owner: str = "me",
        rule: OnUnclear = OnUnclear.RESEND,
    ) -> None:
        self.stopping = threading.Event()
        self.pool = ThreadPoolExecutor(concurrency)
        pace = Pace(None, clock=lambda: 0.0, sleep=lambda _: None)
        breaker = Breaker(desk.engine, CITY, SETTINGS, lambda: 0.0)
        self.talker = Talker()
        teller = Teller(
            Sender(self.talker, line, pace, clock=desk.clock, keep_bytes=100),
            POLICIES[kind],
            breaker,
            SETTINGS,
            all_or_nothing=True,
            pack_size=pack,
            timeout_s=10,
            unclear_wait_s=0,
            clock=desk.clock,
            stopping=self.stopping,
            dice=Steady(),
        )
        self.delivery = Delivery(
            desk.engine,
            CITY,
            POLICIES[kind],
            teller,
            breaker,
            self.pool,
            owner=owner,
            pack_size=pack,
            concurrency=concurrency,
            lease_s=90,
            on_unclear=rule,
            clock=desk.clock,
            stopping=self.stopping,
        )

    def drain(self) -> None:
        with self.pool:
            self.delivery.drain()


def tries(desk: Desk) -> int:
    return sum(row.tries for row in desk.all(tables.report))


def test_what_is_due_is_told_in_packs_and_written_down(desk: Desk) -> None:
    desk.accept(*(record(n) for n in range(30)))
    line = Line()
    Lane(desk, line, pack=12, concurrency=2).drain()
    assert sorted(len(sent) for sent in line.sent) == [6, 12, 12]
    assert set(desk.states().values()) == {"accepted"}
    assert len(desk.all(tables.attempt)) == 3
    assert len(desk.all(tables.attempt_report)) == 30


def test_a_paused_vendor_is_sent_nothing_and_its_reports_do_not_fail(desk: Desk) -> None:
    desk.accept(record())
    gates.pause(desk.engine, CITY, why=None, now=NOON)
    line = Line()
    Lane(desk, line).drain()
    assert (line.sent, desk.states(), tries(desk)) == ([], {1: "pending"}, 0)


def test_a_status_that_comes_while_its_elder_is_in_flight_is_told_after_it(desk: Desk) -> None:
    desk.accept(status(second=1))
    newer = iter([status(second=3), status(second=2)])

    def says(_: list[str]) -> Answer:
        for arrival in newer:
            desk.accept(arrival)
        return WELL

    line = Line(says=says)
    Lane(desk, line, STATUS, concurrency=4).drain()
    assert len(line.sent) == 2
    assert [state for _, state in desk.told()] == ["accepted", "accepted", "superseded"]


def test_a_status_that_failed_is_not_told_after_a_newer_one(desk: Desk) -> None:
    desk.accept(status(second=1))

    def says(_: list[str]) -> Answer:
        if len(line.sent) == 1:
            desk.accept(status(second=2))
            return BROKEN
        return WELL

    line = Line(says=says)
    Lane(desk, line, STATUS).drain()
    desk.forward(600)
    Lane(desk, line, STATUS).drain()
    assert [state for _, state in desk.told()] == ["superseded", "accepted"]
    assert len(line.sent) == 2


def test_a_vendor_that_fails_is_not_asked_any_more_and_the_waiting_burn_no_tries(
    desk: Desk,
) -> None:
    desk.accept(*(record(n) for n in range(40)))
    line = Line(*[BROKEN] * 40)
    Lane(desk, line).drain()
    assert 4 <= len(line.sent) <= 6
    assert tries(desk) == len(line.sent)
    gate = gates.look(desk.engine, CITY, RECORD, urgent=False, now=desk.now)
    assert gate.shut == "breaker open: HTTP 500"


def test_a_bad_probe_is_one_request_and_opens_the_breaker_again(desk: Desk) -> None:
    desk.accept(*(record(n) for n in range(40)))
    gates.open_breaker(desk.engine, CITY, step=1, until=NOON, why="HTTP 500")
    line = Line(*[BROKEN] * 40)
    Lane(desk, line, concurrency=8).drain()
    assert len(line.sent) == 1
    gate = gates.look(desk.engine, CITY, RECORD, urgent=False, now=desk.now)
    assert (gate.breaker_step, gate.until) == (2, NOON + timedelta(seconds=10))


def test_a_good_probe_closes_the_breaker_and_all_the_rest_is_told(desk: Desk) -> None:
    desk.accept(*(record(n) for n in range(40)))
    gates.open_breaker(desk.engine, CITY, step=3, until=NOON, why="HTTP 500")
    Lane(desk, Line(), concurrency=8).drain()
    assert set(desk.states().values()) == {"accepted"}
    assert gates.look(desk.engine, CITY, RECORD, urgent=False, now=desk.now) == gates.Gate()


def test_a_probe_is_one_request_also_of_what_is_told_alone(desk: Desk) -> None:
    """What has failed again and again is not packed; it must not become a volley of probes."""
    desk.accept(*(record(n) for n in range(12)))
    for _ in range(3):
        desk.settle(desk.claim(RECORD), TryLater("busy"), wait_s=0)
    gates.open_breaker(desk.engine, CITY, step=1, until=NOON, why="HTTP 500")
    line = Line(*[BROKEN] * 40)
    Lane(desk, line, pack=12, concurrency=8).drain()
    assert len(line.sent) == 1


def test_a_warning_passes_an_open_breaker_one_at_a_time(desk: Desk) -> None:
    desk.accept(*(warning(n) for n in range(5)))
    gates.open_breaker(desk.engine, CITY, step=1, until=desk.now + timedelta(hours=1), why="x")
    line = Line(WELL)
    Lane(desk, line, WARNING, concurrency=8).drain()
    assert set(desk.states().values()) == {"accepted"}


def test_the_whole_lane_waits_as_long_as_the_vendor_asks(desk: Desk) -> None:
    desk.accept(*(record(n) for n in range(9)))
    line = Line(Answer(429, {"Retry-After": "120"}))
    line.says = lambda _: line.script[0] if len(line.sent) == 1 else WELL
    line.script *= 20
    Lane(desk, line).drain()
    assert len(line.sent) <= 3
    desk.forward(119)
    Lane(desk, line).drain()
    assert len(line.sent) <= 3
    desk.forward(1)
    Lane(desk, line).drain()
    assert set(desk.states().values()) == {"accepted"}
    assert tries(desk) == 0


@pytest.mark.parametrize("again", [BROKEN, RESET])
def test_what_failed_is_told_again_when_it_is_due(desk: Desk, again: Answer) -> None:
    desk.accept(record())
    line = Line(again, WELL)
    Lane(desk, line).drain()
    assert desk.all(tables.report)[0].due_at == NOON + timedelta(seconds=15)
    desk.forward(15)
    Lane(desk, line).drain()
    assert desk.states() == {1: "accepted"}


def test_who_is_told_to_stop_settles_what_is_in_flight_and_leaves_the_rest(desk: Desk) -> None:
    desk.accept(*(record(n) for n in range(20)))

    def says(_: list[str]) -> Answer:
        lane.stopping.set()
        return WELL

    line = Line(says=says)
    lane = Lane(desk, line)
    lane.drain()
    states = list(desk.states().values())
    assert states.count("accepted") == len(line.sent) < 20
    assert set(states) == {"accepted", "pending"}
    assert tries(desk) == 0


def test_two_workers_on_one_lane_tell_everything_once(desk: Desk) -> None:
    desk.accept(*(record(n) for n in range(150)), *(status(f"C-{n}") for n in range(50)))
    line = Line()
    lanes = [
        Lane(desk, line, kind, pack=5, concurrency=4, owner=owner)
        for owner in ("one", "two")
        for kind in (RECORD, STATUS)
    ]
    threads = [threading.Thread(target=lane.drain) for lane in lanes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for kind in (RECORD, STATUS):
        Lane(desk, line, kind).drain()
    told = [subject for sent in line.sent for subject in sent]
    assert len(told) == len(set(told)) == 200
    assert set(desk.states().values()) == {"accepted"}
