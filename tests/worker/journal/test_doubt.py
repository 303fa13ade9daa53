import pytest
from sqlalchemy import Engine

from tests.worker.desk import CITY, RECORD, STATUS, Desk
from tests.worker.given import record, status
from worker.journal import sweep, tables
from worker.journal.doubt import doubt
from worker.outcomes import Accepted, OnUnclear

LOOK_UP_AFTER_S = 60.0


@pytest.fixture
def desk(engine: Engine) -> Desk:
    return Desk(engine)


@pytest.mark.parametrize(
    ("rule", "state"),
    [
        (OnUnclear.RESEND, "pending"),
        (OnUnclear.VERIFY, "unclear"),
        (OnUnclear.HOLD, "held"),
    ],
)
def test_what_waits_in_a_journal_of_the_past_goes_by_its_vendors_rule(
    desk: Desk, rule: OnUnclear, state: str
) -> None:
    desk.accept(record(1))
    assert doubt(desk.engine, desk.now) == 1
    assert desk.claim(RECORD) == []
    desk.forward(1)
    sweep.end_leases(desk.engine, {(CITY, RECORD): rule}, desk.now, LOOK_UP_AFTER_S)
    assert set(desk.states().values()) == {state}


def test_what_is_settled_or_the_newest_status_is_left_as_it_was(desk: Desk) -> None:
    desk.accept(record(1))
    desk.settle(desk.claim(RECORD), Accepted())
    desk.accept(status(), queue=STATUS)
    before = desk.all(tables.report)
    assert doubt(desk.engine, desk.now) == 0
    assert desk.all(tables.report) == before


def test_an_occurrence_is_doubted_though_it_is_a_status(engine: Engine) -> None:
    desk = Desk(engine, tell_all=frozenset({CITY}))
    desk.accept(status(second=1), status(second=2), queue=STATUS)
    assert doubt(engine, desk.now) == 2
