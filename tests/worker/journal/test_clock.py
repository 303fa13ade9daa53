import threading
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, create_engine, event

from worker.journal.clock import ASK_EVERY_S, JournalClock, Jumps

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Hands:
    """A wall clock and a monotonic one, both moved by hand."""

    def __init__(self) -> None:
        self.wall = NOON
        self.seconds = 100.0

    def now(self) -> datetime:
        return self.wall

    def monotonic(self) -> float:
        return self.seconds

    def forward(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.seconds += seconds


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def jumps(hands: Hands) -> Jumps:
    return Jumps(hands.now, hands.monotonic)


def test_a_wall_clock_that_is_wrong_does_not_matter_where_a_server_tells_the_time(
    engine: Engine, hands: Hands
) -> None:
    hands.wall = datetime(1999, 1, 1, tzinfo=UTC)
    said = JournalClock(engine, wall=hands.now, monotonic=hands.monotonic)()
    if engine.dialect.name == "sqlite":
        assert said == hands.wall
    else:
        assert said.year > 2000
        assert said.utcoffset() == timedelta(0)


def test_between_two_questions_monotonic_time_goes_on(postgres_url: str, hands: Hands) -> None:
    engine = create_engine(postgres_url)
    clock = JournalClock(engine, wall=hands.now, monotonic=hands.monotonic)
    first = clock()
    hands.forward(ASK_EVERY_S - 1)
    assert clock() - first == timedelta(seconds=ASK_EVERY_S - 1)
    hands.forward(2)
    assert clock() - first < timedelta(seconds=ASK_EVERY_S - 1)
    engine.dispose()


def test_nobody_goes_by_the_wall_clock_while_another_thread_asks_for_the_first_time(
    postgres_url: str, hands: Hands
) -> None:
    hands.wall = datetime(1999, 1, 1, tzinfo=UTC)
    engine = create_engine(postgres_url)
    asking, go_on = threading.Event(), threading.Event()

    @event.listens_for(engine, "before_cursor_execute")
    def held(*_: object) -> None:
        asking.set()
        go_on.wait(60)

    clock = JournalClock(engine, wall=hands.now, monotonic=hands.monotonic)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(clock)
        assert asking.wait(60)
        second = pool.submit(clock)
        wait([second], timeout=0.2)
        go_on.set()
        assert first.result().year > 2000
        assert second.result().year > 2000
    engine.dispose()


def test_a_server_that_was_never_there_leaves_the_wall_clock(hands: Hands) -> None:
    engine = create_engine("postgresql+psycopg://nobody@127.0.0.1:1/none")
    assert JournalClock(engine, wall=hands.now, monotonic=hands.monotonic)() == NOON
    engine.dispose()


def test_a_clock_that_goes_as_it_should_has_not_jumped(hands: Hands, jumps: Jumps) -> None:
    for _ in range(5):
        assert jumps() == hands.wall
        hands.forward(3600)
    assert jumps.gone_back_s() == 0
    assert not jumps.ahead_within(10_000)


def test_a_jump_before_the_first_look_is_noticed(hands: Hands, jumps: Jumps) -> None:
    hands.wall += timedelta(minutes=10)
    jumps()
    assert jumps.ahead_within(1)


def test_a_jump_ahead_is_remembered_as_long_as_is_asked_for(hands: Hands, jumps: Jumps) -> None:
    jumps()
    hands.wall += timedelta(minutes=10)
    jumps()
    hands.forward(17)
    assert jumps.ahead_within(18)
    hands.forward(2)
    assert not jumps.ahead_within(18)
    assert jumps.gone_back_s() == 0


def test_a_jump_back_is_told_once(hands: Hands, jumps: Jumps) -> None:
    jumps()
    hands.wall -= timedelta(minutes=10)
    jumps()
    assert jumps.gone_back_s() == 600
    assert jumps.gone_back_s() == 0
    assert not jumps.ahead_within(60)
