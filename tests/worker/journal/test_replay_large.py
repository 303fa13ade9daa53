"""A replay in a long history: what a statement reads and what the process holds stay bounded."""

import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, text

from tests.worker.journal import large
from tests.worker.rows import POLICIES
from worker.journal import replay
from worker.journal.engine import open_journal
from worker.journal.listings import Filters
from worker.journal.states import State

HISTORY = 200_000
HELD = 60_000
BEYOND_ALL_BOUNDS = 10_000
CHOSEN = Filters(vendor="city", states=(State.REFUSED, State.EXPIRED))
LATER = large.taken_in(large.CHUNKS)


@pytest.fixture
def sqlite_engine(sqlite_url: str) -> Iterator[Engine]:
    opened = open_journal(sqlite_url)
    yield opened
    opened.dispose()


@pytest.fixture
def postgres_engine(postgres_url: str) -> Iterator[Engine]:
    opened = open_journal(postgres_url)
    yield opened
    opened.dispose()


def replayed(engine: Engine, filters: Filters) -> int:
    done = replay.replay(
        engine, filters, POLICIES, LATER, again=False, per_s=50, sleep=lambda _: None
    )
    return done.total()


@contextmanager
def watched(engine: Engine, *listeners: tuple[str, Callable[..., None]]) -> Iterator[None]:
    for name, listener in listeners:
        event.listen(engine, name, listener)
    yield
    for name, listener in listeners:
        event.remove(engine, name, listener)


@contextmanager
def steps_counted(engine: Engine) -> Iterator[list[int]]:
    """What each statement costs in SQLite, in thousands of its virtual machine's steps.

    One that is beyond all bounds is interrupted.
    """
    costs: list[int] = []

    def count() -> int:
        costs[-1] += 1
        return int(costs[-1] > BEYOND_ALL_BOUNDS)

    def begin(connection: Connection, *_: object) -> None:
        costs.append(0)
        driver: Any = connection.connection.driver_connection
        driver.set_progress_handler(count, 1000)

    with watched(engine, ("before_cursor_execute", begin)):
        yield costs


@contextmanager
def plans_kept(engine: Engine) -> Iterator[dict[str, str]]:
    """How PostgreSQL carries out each different statement."""
    plans: dict[str, str] = {}

    def explain(
        connection: Connection, _: object, statement: str, given: object, *more: object
    ) -> None:
        if statement not in plans:
            cursor = connection.connection.cursor()
            first = given[0] if isinstance(given, list) else given
            cursor.execute(f"EXPLAIN {statement}", first)  # type: ignore[arg-type]
            plans[statement] = "\n".join(row[0] for row in cursor.fetchall())

    with watched(engine, ("before_cursor_execute", explain)):
        yield plans


def test_on_sqlite_a_statement_reads_no_more_than_a_part_of_a_long_history(
    sqlite_engine: Engine,
) -> None:
    large.fill(sqlite_engine, HISTORY)
    with steps_counted(sqlite_engine) as costs:
        with sqlite_engine.connect() as connection:
            connection.execute(text("SELECT count(*) FROM report WHERE reason = 'none'"))
        history = sum(costs)
        costs.clear()
        replay.plan(sqlite_engine, CHOSEN, again=False)
        assert max(costs) < sum(costs) / 5
        costs.clear()
        replayed(sqlite_engine, CHOSEN)
    assert len(costs) > 100
    assert max(costs) < history / 4


def test_on_postgresql_no_statement_reads_the_whole_history(postgres_engine: Engine) -> None:
    large.fill(postgres_engine, HISTORY)
    with plans_kept(postgres_engine) as plans:
        replay.plan(postgres_engine, CHOSEN, again=False)
        replayed(postgres_engine, CHOSEN)
    assert len(plans) >= 6
    assert not [plan for plan in plans.values() if "Seq Scan on report" in plan]


def test_the_memory_of_a_replay_does_not_grow_with_what_it_replays(engine: Engine) -> None:
    large.fill(engine, HELD)

    def peak(filters: Filters) -> tuple[int, int]:
        tracemalloc.start()
        try:
            replay.plan(engine, filters, again=False)
            count = replayed(engine, filters)
            return count, tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    tenth = Filters("city", states=CHOSEN.states, until=large.taken_in(1))
    few, bytes_of_few = peak(tenth)
    many, bytes_of_many = peak(CHOSEN)
    assert (few, many) == (HELD * 3 // 100, HELD * 27 // 100)
    assert bytes_of_many < 3 * bytes_of_few
