import time
from datetime import timedelta
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import Engine

from tests.worker.desk import CITY, LEASE_S, POLICIES, RECORD, SETTINGS, STATUS, WARNING, Desk
from tests.worker.given import record, status, warning
from tests.worker.vendors.city import city
from worker.broker import WORKERS
from worker.events import Kind
from worker.intake.take import Taker
from worker.journal import gates
from worker.journal.engine import open_journal
from worker.journal.settle import Attempt
from worker.outcomes import TryLater
from worker.roster import Roster
from worker.standstill import Watch
from worker.vital import Vital

STALL_S = 60.0


class Ticks:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def desk(engine: Engine) -> Desk:
    return Desk(engine)


@pytest.fixture
def watch(desk: Desk, redis: Redis, ticks: Ticks) -> Watch:
    return watching(desk, redis, ticks)


def watching(desk: Desk, redis: Redis, ticks: Ticks, **of: object) -> Watch:
    system = city(None, risk_url="https://piles.example/risk")
    system.vendor = CITY
    return Watch(
        desk.engine,
        redis,
        Roster({CITY: system}),
        POLICIES,
        stall_s=STALL_S,
        clock=desk.clock,
        ticks=ticks,
        **of,  # type: ignore[arg-type]
    )


def taker(redis: Redis, worker: str = "one") -> Taker:
    redis.sadd(WORKERS, worker)
    return Taker(redis, RECORD.value, worker, max_items=2, max_bytes=10**6)


def test_an_empty_queue_and_an_idle_lane_are_no_fault(watch: Watch, ticks: Ticks) -> None:
    assert watch.faults() == []
    ticks.now += 10 * STALL_S
    assert watch.faults() == []


def test_a_queue_of_which_nothing_is_taken_is_a_fault(
    watch: Watch, redis: Redis, ticks: Ticks
) -> None:
    redis.lpush(RECORD.value, "a", "b", "c")
    assert watch.faults() == []
    ticks.now += STALL_S - 1
    assert watch.faults() == []
    ticks.now += 1
    assert watch.faults() == ["charge-record: 3 items wait, and none was taken in for 60 s"]


def test_what_a_worker_holds_and_does_not_let_go_waits_as_well(
    watch: Watch, redis: Redis, ticks: Ticks
) -> None:
    redis.lpush(RECORD.value, "a", "b")
    assert taker(redis).take("batch-1")
    watch.faults()
    ticks.now += STALL_S
    assert watch.faults() == ["charge-record: 2 items wait, and none was taken in for 60 s"]


def test_a_queue_that_is_never_empty_is_no_fault_while_batches_are_let_go(
    watch: Watch, redis: Redis, ticks: Ticks
) -> None:
    mine = taker(redis)
    redis.lpush(RECORD.value, *("x" for _ in range(20)))
    for number in range(5):
        batch = mine.take(f"batch-{number}")
        assert batch is not None
        mine.release(batch)
        assert watch.faults() == []
        ticks.now += STALL_S


def test_items_that_come_after_a_long_silence_are_no_fault_at_once(
    watch: Watch, redis: Redis, ticks: Ticks
) -> None:
    watch.faults()
    ticks.now += 100 * STALL_S
    redis.lpush(RECORD.value, "a")
    assert watch.faults() == []


def test_a_worker_answers_for_its_own_queues_only(desk: Desk, redis: Redis, ticks: Ticks) -> None:
    watch = watching(desk, redis, ticks, queues=[Kind.SAFETY_WARNING])
    redis.lpush(RECORD.value, "a")
    watch.faults()
    ticks.now += STALL_S
    assert watch.faults() == []


def test_reports_that_nobody_delivers_are_a_fault(desk: Desk, watch: Watch) -> None:
    desk.accept(record())
    desk.forward(STALL_S - 1)
    assert watch.faults() == []
    desk.forward(1)
    assert watch.faults() == ["city charge-record: reports are due for 60 s, and nobody delivers"]


def test_a_backlog_is_no_fault_while_attempts_are_made(desk: Desk, watch: Watch) -> None:
    desk.accept(record(1), record(2))
    desk.forward(10 * STALL_S)
    said = TryLater("busy")
    made = Attempt(desk.now, 5, "POST", "u", 503, said, "", "", ())
    desk.settle(desk.claim(RECORD, limit=1), said, made, wait_s=9999)
    assert watch.faults() == []
    desk.forward(STALL_S + 1)
    assert len(watch.faults()) == 1


def test_what_is_in_flight_is_at_work_until_its_lease_ends(desk: Desk, watch: Watch) -> None:
    desk.accept(record(1), record(2))
    desk.claim(RECORD, limit=1)
    desk.forward(LEASE_S - 1)
    assert watch.faults() == []
    desk.forward(2)
    assert len(watch.faults()) == 1


def test_reports_behind_a_shut_gate_are_no_fault(desk: Desk, watch: Watch) -> None:
    desk.accept(record())
    gates.pause(desk.engine, CITY, why="holiday", now=desk.now)
    desk.forward(STALL_S)
    assert watch.faults() == []


def test_a_worker_answers_for_the_lanes_it_is_woken_for(
    desk: Desk, redis: Redis, ticks: Ticks
) -> None:
    desk.accept(record(), warning(connectorId="C-1"))
    desk.forward(STALL_S)
    (urgent,) = watching(desk, redis, ticks, urgent=[True]).faults()
    (other,) = watching(desk, redis, ticks, urgent=[False]).faults()
    assert urgent.startswith(f"city {WARNING}")
    assert other.startswith(f"city {RECORD}")


def test_a_report_no_longer_worth_telling_is_no_fault(desk: Desk, watch: Watch) -> None:
    desk.accept(status())
    worth_s = POLICIES[STATUS].worth_s
    assert worth_s is not None
    desk.now += timedelta(seconds=worth_s)
    assert watch.faults() == []


def test_a_part_that_does_not_answer_is_a_fault(tmp_path: Path, ticks: Ticks) -> None:
    engine = open_journal(f"sqlite:///{tmp_path / 'none.sqlite3'}")
    nobody = Redis(port=1)
    broker, journal = watching(Desk(engine), nobody, ticks).faults()
    assert broker.startswith("the broker does not answer")
    assert journal.startswith("the journal does not answer")
    engine.dispose()


def test_the_sign_of_health_says_ok_or_what_stands_still(tmp_path: Path) -> None:
    faults: list[str] = []
    vital = Vital(tmp_path, "relay@host/1", lambda: faults, every_s=0.01)
    vital.start()
    _until(vital.path, "ok\n")
    faults += ["one", "two"]
    _until(vital.path, "one\ntwo\n")
    assert vital.path.name == "relay@host_1"
    vital.stop()
    assert not vital.path.exists()


def _until(path: Path, text: str) -> None:
    for _ in range(10_000):
        if path.exists() and path.read_text("utf-8") == text:
            return
        time.sleep(0.005)
    raise AssertionError(f"it never said {text!r}")


def test_the_default_patience_outlives_a_burst() -> None:
    assert SETTINGS.stall_s > SETTINGS.burst_s + SETTINGS.request_timeout_s
