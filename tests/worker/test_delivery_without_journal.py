"""A vendor has answered, and the journal is away just then."""

import threading
from contextlib import suppress

import pytest
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from tests.worker.desk import Desk, away
from tests.worker.given import record
from tests.worker.talker import BROKEN, WELL, Line
from tests.worker.test_delivery import Lane
from worker.exchange import Answer
from worker.journal import tables
from worker.outcomes import OnUnclear


@pytest.fixture
def desk(engine: Engine) -> Desk:
    return Desk(engine)


class First:
    """Means the first few statements that hold these words."""

    def __init__(self, words: str, times: int = 1, *, after: int = 0) -> None:
        self.words, self.left, self.after = words, times, after
        self.met = threading.Event()

    def __call__(self, statement: str) -> bool:
        if self.words not in statement:
            return False
        if self.after:
            self.after -= 1
            return False
        self.left -= 1
        if self.left >= 0:
            self.met.set()
        return self.left >= 0


def test_outcomes_are_written_once_the_journal_is_back(desk: Desk) -> None:
    desk.accept(record(1), record(2))
    line = Line()
    with away(desk.engine, First("SET state", 2, after=1)):
        Lane(desk, line, pack=2).drain()
    assert set(desk.states().values()) == {"accepted"}
    assert len(line.sent) == len(desk.all(tables.attempt)) == 1


def test_outcomes_of_what_is_in_flight_are_written_when_the_next_look_at_the_journal_fails(
    desk: Desk,
) -> None:
    """One request is answered, another is still out; in between the journal is away once."""
    desk.accept(record(1), record(2))
    gone = First("vendor_state", after=1)

    def says(subjects: list[str]) -> Answer:
        if subjects == ["A-2"]:
            assert gone.met.wait(10)
        return WELL

    line = Line(says=says)
    lane = Lane(desk, line, concurrency=2)
    with away(desk.engine, gone), suppress(SQLAlchemyError):
        lane.drain()
    assert sorted(line.sent) == [["A-1"], ["A-2"]]
    assert set(desk.states().values()) == {"accepted"}


def test_outcomes_of_what_is_in_flight_are_written_when_the_next_claim_fails(desk: Desk) -> None:
    desk.accept(record(1), record(2))
    gone = First("JOIN event", after=1)

    def says(subjects: list[str]) -> Answer:
        if subjects == ["A-2"]:
            assert gone.met.wait(10)
        return WELL

    line = Line(says=says)
    lane = Lane(desk, line, concurrency=2)
    with away(desk.engine, gone), suppress(SQLAlchemyError):
        lane.drain()
    assert set(desk.states().values()) == {"accepted"}


def test_what_was_leased_by_a_commit_whose_answer_was_lost_is_given_back(desk: Desk) -> None:
    """The report is leased, nothing was sent, and nobody but this lane knows."""
    desk.accept(record(1), record(2))
    lost = iter([True])

    def lose(connection: Connection) -> None:
        if next(lost, False):
            connection.connection.commit()
            raise OperationalError("COMMIT", None, Exception("the connection was lost"))

    line = Line()
    lane = Lane(desk, line, concurrency=2, rule=OnUnclear.HOLD)
    event.listen(desk.engine, "commit", lose)
    with pytest.raises(OperationalError):
        lane.drain()
    event.remove(desk.engine, "commit", lose)
    assert line.sent == []
    assert desk.states() == {1: "pending", 2: "pending"}
    assert [row.tries for row in desk.all(tables.report)] == [0, 0]


def test_an_attempt_is_kept_once_when_only_the_breaker_could_not_be_written(desk: Desk) -> None:
    desk.accept(*(record(n) for n in range(4)))
    line = Line(*[BROKEN] * 4)
    with away(desk.engine, First("INTO vendor_state")):
        Lane(desk, line, concurrency=4).drain()
    assert len(line.sent) == len(desk.all(tables.attempt)) == 4
    assert desk.all(tables.vendor_state)[0].breaker_step == 1


def test_a_journal_that_stays_away_past_the_lease_leaves_the_report_to_the_sweep(
    desk: Desk,
) -> None:
    desk.accept(record())

    def gone(statement: str) -> bool:
        meant = "SET state" in statement and bool(line.sent)
        if meant:
            desk.forward(60)
        return meant

    line = Line()
    with away(desk.engine, gone):
        Lane(desk, line).drain()
    assert desk.states() == {1: "sending"}
    desk.forward(60)
    assert desk.end_leases() == 1


def test_an_answer_that_comes_after_its_lease_is_written_while_nobody_else_has_the_report(
    desk: Desk,
) -> None:
    """The process slept. Who holds a lease is told by its name, so that writing cannot do harm."""
    desk.accept(record())

    def says(_: list[str]) -> Answer:
        desk.forward(100)
        return WELL

    Lane(desk, Line(says=says)).drain()
    assert desk.states() == {1: "accepted"}
    assert len(desk.all(tables.attempt)) == 1
