"""What one lane's bad day may do to the others of its vendor: nothing that it need not."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from tests.worker.desk import CITY, RECORD, WARNING, Desk
from tests.worker.given import record, warning
from tests.worker.talker import BROKEN, WELL, Line
from tests.worker.test_delivery import Lane
from worker.exchange import Answer
from worker.journal import gates, tables
from worker.outcomes import TryLater


@pytest.fixture
def desk(engine: Engine) -> Desk:
    return Desk(engine)


def test_warnings_that_fail_do_not_shut_the_lanes_of_statuses_and_records(desk: Desk) -> None:
    """They may go to another host, and are tried again within seconds."""
    desk.accept(*(warning(n) for n in range(40)))
    Lane(desk, Line(*[BROKEN] * 200), WARNING, concurrency=4).drain()
    assert desk.all(tables.vendor_state) == []


def test_a_warning_that_arrives_does_not_close_the_breaker(desk: Desk) -> None:
    desk.accept(warning())
    gates.open_breaker(desk.engine, CITY, step=2, until=desk.now + timedelta(hours=1), why="x")
    Lane(desk, Line(WELL), WARNING).drain()
    assert set(desk.states().values()) == {"accepted"}
    assert desk.all(tables.vendor_state)[0].breaker_step == 2


def test_an_old_reports_many_failures_do_not_make_the_whole_lane_wait_for_an_hour(
    desk: Desk,
) -> None:
    desk.accept(record(0))
    for _ in range(9):
        desk.settle(desk.claim(RECORD), TryLater("busy"), wait_s=0)
    desk.accept(record(1))
    Lane(desk, Line(Answer(429), Answer(429)), concurrency=2).drain()
    (lane,) = desk.all(tables.lane_state)
    assert lane.not_before - desk.now == timedelta(seconds=15)


def test_a_vendor_that_throttles_again_and_again_is_still_told_in_lists(desk: Desk) -> None:
    """The reports have not failed by it: told alone they would be thirty times the requests."""
    desk.accept(*(record(n) for n in range(12)))
    line = Line(*[Answer(429, {"Retry-After": "1"})] * 5)
    for _ in range(6):
        Lane(desk, line, pack=12).drain()
        desk.forward(60)
    assert [len(sent) for sent in line.sent] == [12] * 6
    assert set(desk.states().values()) == {"accepted"}


def test_what_arrives_while_a_request_is_out_is_sent_as_soon_as_the_lane_is_rung(
    desk: Desk,
) -> None:
    """The first request ends only once the second one is there."""
    desk.accept(record(1))
    second = threading.Event()

    def says(subjects: list[str]) -> Answer:
        if subjects == ["A-2"]:
            second.set()
            return WELL
        desk.accept(record(2))
        lane.delivery.ring()
        return WELL if second.wait(30) else BROKEN

    line = Line(says=says)
    lane = Lane(desk, line, concurrency=2)
    lane.drain()
    assert line.sent == [["A-1"], ["A-2"]]
    assert set(desk.states().values()) == {"accepted"}
