import threading
from collections.abc import Callable
from datetime import datetime

import fakeredis
import pytest
from sqlalchemy.exc import DataError, OperationalError

from tests.worker.given import NOON, record
from worker.events import Kind
from worker.intake.loop import Loop
from worker.intake.read import Reader
from worker.intake.take import Taker
from worker.journal.accept import Accepted, Arrival, Lane, Unread

QUEUE = Kind.CHARGE_RECORD
HELD = "charge-record:processing:{}"
LANES = {("city", QUEUE)}
AWAY = OperationalError("INSERT", {}, Exception("the server has gone away"))
TOO_ODD = DataError("INSERT", {}, Exception("a value no database can hold"))


class Book:
    """Stands in for the journal: fails as told, then keeps what it is given."""

    def __init__(self, stopping: threading.Event) -> None:
        self.stopping = stopping
        self.fails: list[Exception] = []
        self.odd: set[str] = set()
        self.fault_fails: list[Exception] = []
        self.at_each_try: Callable[[], object] = lambda: None
        self.stop_after: int | None = None
        self.tries: list[str] = []
        self.kept: dict[str, tuple[list[str], list[str]]] = {}

    def accept(
        self, batch_id: str, arrivals: list[Arrival], unread: list[Unread], now: datetime
    ) -> Accepted:
        self.tries.append(batch_id)
        self.at_each_try()
        if len(self.tries) in (self.stop_after, 50):
            self.stopping.set()
        if self.fails:
            raise self.fails.pop(0)
        subjects = [arrival.event.subject for arrival in arrivals]
        if self.odd & set(subjects):
            raise TOO_ODD
        self.kept[batch_id] = (subjects, [item.reason for item in unread])
        return Accepted(events=len(arrivals), lanes=set(LANES))

    def fault(self, arrival: Arrival) -> str | None:
        if self.fault_fails:
            raise self.fault_fails.pop(0)
        return "too odd" if arrival.event.subject in self.odd else None


class Impatient(threading.Event):
    """Waits for nothing; keeps how long it was asked to, and gives up after a while."""

    def __init__(self) -> None:
        super().__init__()
        self.asked_s: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.asked_s.append(timeout)
        if len(self.asked_s) == 20:
            self.set()
        return self.is_set()


@pytest.fixture
def redis() -> fakeredis.FakeRedis:
    return fakeredis.FakeRedis()


@pytest.fixture
def stopping() -> Impatient:
    return Impatient()


@pytest.fixture
def book(stopping: Impatient) -> Book:
    return Book(stopping)


@pytest.fixture
def woken() -> list[Lane]:
    return []


def loop_of(redis: fakeredis.FakeRedis, book: Book, stopping: Impatient, woken: list[Lane]) -> Loop:
    def taker_of(worker: str) -> Taker:
        return Taker(redis, QUEUE.value, worker, max_items=2, max_bytes=10_000)

    reader = Reader(QUEUE, item_max_bytes=10_000, keep_bytes=100, status_future_s=600)
    accept, fault, wake = book.accept, book.fault, woken.extend
    return Loop(
        taker_of,
        "me",
        reader,
        accept,
        fault,
        wake,
        queue=QUEUE,
        clock=lambda: NOON,
        stopping=stopping,
    )


@pytest.fixture
def loop(redis: fakeredis.FakeRedis, book: Book, stopping: Impatient, woken: list[Lane]) -> Loop:
    return loop_of(redis, book, stopping, woken)


def publish(redis: fakeredis.FakeRedis, *numbers: int) -> None:
    for number in numbers:
        redis.lpush(QUEUE.value, record(number).body)


def kept(book: Book) -> list[str]:
    return [subject for subjects, _ in book.kept.values() for subject in subjects]


def test_a_turn_moves_one_batch_into_the_journal_lets_go_of_it_and_wakes_its_lanes(
    redis: fakeredis.FakeRedis, loop: Loop, book: Book, woken: list[Lane]
) -> None:
    publish(redis, 1, 2, 3)
    assert loop.turn()
    assert kept(book) == ["A-1", "A-2"]
    assert redis.llen(QUEUE.value) == 1
    assert not redis.exists(HELD.format("me"))
    assert woken == list(LANES)
    assert loop.turn()
    assert not loop.turn()
    assert len(set(book.tries)) == 2


def test_while_the_journal_is_away_the_batch_stays_and_nothing_else_is_taken(
    redis: fakeredis.FakeRedis, loop: Loop, book: Book, woken: list[Lane]
) -> None:
    publish(redis, 1, 2, 3)
    seen: list[tuple[int, int, int]] = []
    book.at_each_try = lambda: seen.append(
        (redis.llen(HELD.format("me")), redis.llen(QUEUE.value), len(woken))
    )
    book.fails = [AWAY] * 8
    loop.turn()
    assert seen == [(2, 1, 0)] * 9
    assert len(set(book.tries)) == 1
    assert kept(book) == ["A-1", "A-2"]
    assert not redis.exists(HELD.format("me"))


def test_the_journal_is_asked_ever_more_seldom_but_never_given_up(
    redis: fakeredis.FakeRedis, loop: Loop, book: Book, stopping: Impatient
) -> None:
    publish(redis, 1)
    book.fails = [AWAY] * 9
    loop.turn()
    assert stopping.asked_s == [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 5.0, 5.0, 5.0]


def test_whatever_the_error_is_the_batch_waits(
    redis: fakeredis.FakeRedis, loop: Loop, book: Book
) -> None:
    publish(redis, 1)
    book.fails = [ValueError("a bug"), KeyError("another")]
    loop.turn()
    assert kept(book) == ["A-1"]


def test_a_worker_told_to_stop_while_it_waits_leaves_the_batch_for_the_next(
    redis: fakeredis.FakeRedis, loop: Loop, book: Book, woken: list[Lane]
) -> None:
    publish(redis, 1, 2)
    book.fails, book.stop_after = [AWAY] * 9, 3
    loop.turn()
    assert len(book.tries) == 3
    assert redis.llen(HELD.format("me")) == 2
    assert woken == []


def test_the_next_takes_it_up_under_the_same_id(
    redis: fakeredis.FakeRedis, loop: Loop, book: Book, stopping: Impatient
) -> None:
    publish(redis, 1, 2)
    book.fails, book.stop_after = [AWAY], 1
    loop.turn()
    stopping.clear()
    loop.turn()
    assert len(book.tries) == 2
    assert len(set(book.tries)) == 1
    assert kept(book) == ["A-1", "A-2"]


def test_an_event_that_the_journal_cannot_hold_is_set_aside_and_the_rest_accepted(
    redis: fakeredis.FakeRedis, loop: Loop, book: Book
) -> None:
    publish(redis, 1, 2)
    book.odd = {"A-1"}
    loop.turn()
    assert list(book.kept.values()) == [(["A-2"], ["cannot be stored: too odd"])]


def test_it_is_set_aside_also_after_the_journal_was_away_for_long(
    redis: fakeredis.FakeRedis, loop: Loop, book: Book
) -> None:
    publish(redis, 1, 2)
    book.fails, book.odd = [AWAY] * 5, {"A-1"}
    loop.turn()
    assert kept(book) == ["A-2"]


def test_a_journal_that_goes_away_while_an_event_is_being_set_aside_is_waited_for(
    redis: fakeredis.FakeRedis, loop: Loop, book: Book
) -> None:
    publish(redis, 1, 2)
    book.odd, book.fault_fails = {"A-1"}, [AWAY]
    loop.turn()
    assert kept(book) == ["A-2"]


def test_what_a_dead_worker_held_is_adopted_and_the_queue_left_alone(
    redis: fakeredis.FakeRedis, loop: Loop, book: Book, woken: list[Lane]
) -> None:
    publish(redis, 1, 2)
    dead = Taker(redis, QUEUE.value, "dead", max_items=1, max_bytes=10_000)
    dead.take("their-id")
    assert loop.adopt("dead")
    assert book.kept == {"their-id": (["A-1"], [])}
    assert redis.llen(QUEUE.value) == 1
    assert not redis.exists(HELD.format("dead"))
    assert woken == list(LANES)
    assert loop.adopt("dead")


def test_what_could_not_be_adopted_before_the_stop_stays_with_the_dead(
    redis: fakeredis.FakeRedis, loop: Loop, book: Book
) -> None:
    redis.rpush(HELD.format("dead"), record(1).body)
    book.fails, book.stop_after = [AWAY], 1
    assert not loop.adopt("dead")
    assert redis.llen(HELD.format("dead")) == 1


def test_the_brokers_absence_is_waited_out(book: Book, stopping: Impatient) -> None:
    server = fakeredis.FakeServer()
    server.connected = False
    loop_of(fakeredis.FakeRedis(server=server), book, stopping, []).run()
    assert stopping.asked_s[:7] == [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 5.0]
