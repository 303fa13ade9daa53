import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.engine import make_url

from config.settings import Settings
from tests.worker.desk import CITY, RECORD, Desk, attempt
from tests.worker.given import NOON, record
from worker.journal import history as journal
from worker.journal.engine import open_journal
from worker.journal.history import EVERY_S, History, history
from worker.journal.history_tables import lane_tick, tick
from worker.journal.prune import prune
from worker.outcomes import Accepted, Outcome, TryLater

WIDE_S = 100


@pytest.fixture
def desk(engine: Engine) -> Desk:
    return Desk(engine)


def look(desk: Desk, after_s: float = EVERY_S) -> bool:
    desk.forward(after_s)
    return journal.look(desk.engine, desk.now)


def send(desk: Desk, count: int, *, ms: int = 12, outcome: Outcome | None = None) -> None:
    """So many attempts, of one record each."""
    said = outcome or Accepted()
    desk.accept(*(record(n) for n in range(count)))
    claims = desk.claim(RECORD)
    attempts = [replace(attempt(c.report_id, outcome=said), duration_ms=ms) for c in claims]
    desk.settle(claims, said, *attempts)


def read(desk: Desk, over_s: int = WIDE_S, points: int = 10) -> History:
    return history(desk.engine, desk.now, over_s=over_s, points=points)


def last(desk: Desk) -> tuple[float | None, int | None, int | None]:
    found = read(desk)
    return found.told_per_s[CITY][-2], found.p95_ms[CITY][-2], found.waiting[CITY][-2]


def test_what_was_told_since_the_last_look_is_a_rate(desk: Desk) -> None:
    look(desk)
    send(desk, 20, ms=40)
    assert look(desk)
    desk.forward(EVERY_S)
    assert last(desk) == (2.0, 40, 0)


def test_what_waits_is_counted_when_somebody_looks(desk: Desk) -> None:
    desk.accept(*(record(n) for n in range(3)))
    look(desk)
    desk.forward(EVERY_S)
    assert last(desk) == (0.0, None, 3)


def test_what_was_not_accepted_is_slow_but_not_told(desk: Desk) -> None:
    look(desk)
    send(desk, 4, ms=9_000, outcome=TryLater("busy"))
    look(desk)
    desk.forward(EVERY_S)
    assert last(desk) == (0.0, 9_000, 4)
    (row,) = desk.all(lane_tick)
    assert (row.attempts, row.failed, row.told) == (4, 4, 0)


def test_the_percentiles_are_durations_that_were_measured(desk: Desk) -> None:
    look(desk)
    desk.accept(*(record(n) for n in range(100)))
    claims = desk.claim(RECORD)
    attempts = [
        replace(attempt(claim.report_id, outcome=Accepted()), duration_ms=n)
        for n, claim in enumerate(claims, 1)
    ]
    desk.settle(claims, Accepted(), *attempts)
    look(desk)
    (row,) = desk.all(lane_tick)
    assert (row.p50_ms, row.p95_ms) == (50, 95)


def test_nothing_is_counted_twice_however_many_clocks_ask(desk: Desk) -> None:
    look(desk)
    send(desk, 10)
    assert look(desk)
    assert not look(desk, 0)
    assert look(desk)
    assert sum(row.told for row in desk.all(lane_tick)) == 10


def test_the_first_look_counts_the_last_seconds_and_not_the_history(desk: Desk) -> None:
    send(desk, 5)
    desk.forward(3600)
    assert look(desk)
    assert desk.all(lane_tick) == []
    assert desk.all(tick)[0].over_s == EVERY_S


def test_after_a_long_gap_it_begins_anew(desk: Desk) -> None:
    look(desk)
    send(desk, 50)
    look(desk, 3600)
    assert desk.all(lane_tick) == []
    desk.accept(record("later"))
    claims = desk.claim(RECORD)
    sent = replace(attempt(claims[0].report_id, outcome=Accepted()), started_at=desk.now)
    desk.settle(claims, Accepted(), sent)
    look(desk)
    assert [row.told for row in desk.all(lane_tick)] == [1]


def test_a_clock_that_is_put_back_goes_on_from_there(desk: Desk) -> None:
    for n in range(400):
        look(desk)
        if n == 390:
            send(desk, 50)
    desk.forward(-3600)
    assert look(desk)
    desk.accept(record("later"))
    claims = desk.claim(RECORD)
    desk.settle(claims, Accepted(), attempt(claims[0].report_id, outcome=Accepted()))
    assert look(desk)
    assert [row.told for row in desk.all(lane_tick)] == [1]
    assert max(row.at for row in desk.all(tick)) <= desk.now.timestamp()
    assert {row.over_s for row in desk.all(tick)} == {EVERY_S}


def test_a_clock_that_is_a_little_late_changes_nothing(desk: Desk) -> None:
    for _ in range(3):
        look(desk)
    before = desk.all(tick)
    assert not look(desk, -2 * EVERY_S)
    assert desk.all(tick) == before


def test_no_look_walks_through_the_history(sqlite_url: str) -> None:
    desk = Desk(open_journal(sqlite_url))
    ways: list[str] = []

    def hear(_connection: object, _cursor: object, asked: str, given: object, *_: object) -> None:
        if asked.startswith("SELECT") and "attempt.started_at" in asked:
            with closing(sqlite3.connect(make_url(sqlite_url).database or "")) as other:
                ways.extend(row[3] for row in other.execute(f"EXPLAIN QUERY PLAN {asked}", given))

    event.listen(desk.engine, "before_cursor_execute", hear)
    look(desk)
    desk.engine.dispose()
    (way,) = ways
    assert "ix_attempt_started_at" in way


def test_where_nobody_looked_there_is_a_gap_and_not_a_zero(desk: Desk) -> None:
    desk.accept(record())
    look(desk)
    look(desk, 4 * EVERY_S)
    desk.forward(EVERY_S)
    found = read(desk)
    assert found.waiting[CITY][-6:] == [1, None, None, None, 1, None]
    assert found.told_per_s[CITY][-6:] == [0, None, None, None, 0, None]


def test_a_longer_time_has_no_more_points(desk: Desk) -> None:
    look(desk)
    send(desk, 20)
    for _ in range(11):
        look(desk)
    found = read(desk, over_s=600)
    assert len(found.at) == len(found.waiting[CITY]) == 10
    assert found.at[-1] - found.at[0] == 540
    assert sum(rate for rate in found.told_per_s[CITY] if rate) * 60 == pytest.approx(20, rel=0.2)


def test_the_points_end_now(desk: Desk) -> None:
    look(desk)
    found = read(desk)
    assert found.at[-1] - WIDE_S <= desk.now.timestamp() < found.at[-1]
    assert found.told_per_s == {}


def test_what_is_older_than_two_days_is_forgotten(desk: Desk) -> None:
    desk.accept(record())
    look(desk)
    desk.forward(timedelta(days=2).total_seconds())
    look(desk)
    prune(desk.engine, Settings(_env_file=None), desk.now)
    at = [row.at for row in desk.all(tick)]
    assert at == [row.at for row in desk.all(lane_tick)]
    assert at[0] >= NOON.timestamp() + timedelta(days=2).total_seconds()
