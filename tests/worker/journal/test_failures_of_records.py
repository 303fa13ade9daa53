"""A failed record has no re-report: it is looked up at the vendor, and sent if it is not there."""

import pytest
from sqlalchemy import Engine

from tests.worker.desk import CITY, RECORD, WARNING, Desk
from tests.worker.failing import LOOK_UP_AFTER_S, TAKES, fail, failed, fates, handle, later, report
from tests.worker.given import record, warning
from worker.journal import tables
from worker.journal.engine import writing
from worker.journal.failures import State
from worker.outcomes import Accepted, OnUnclear
from worker.vendor import Takes


@pytest.fixture
def desk(engine: Engine) -> Desk:
    desk = Desk(engine)
    desk.accept(record())
    desk.settle(desk.claim(RECORD), Accepted("taken"))
    return desk


def fail_and_look(desk: Desk, times: int) -> bool:
    """It fails, is handled, and is claimed in its time; whether it is looked up."""
    fail(desk, record().event, times)
    assert handle(desk) == 1
    desk.forward(LOOK_UP_AFTER_S)
    (claim,) = desk.claim(RECORD)
    desk.settle([claim], Accepted("found at the vendor"), rule=OnUnclear.VERIFY)
    return claim.look_up


def test_a_failed_record_is_looked_up_first_and_a_while_later(desk: Desk) -> None:
    fail(desk, record().event)
    assert handle(desk) == 1
    row = report(desk)
    assert (row.state, row.tries, row.vendor_ref) == ("unclear", 0, None)
    assert (row.settled_at, row.reason) == (None, "the vendor could not process it")
    assert row.due_at == later(desk.now, LOOK_UP_AFTER_S)
    assert desk.claim(RECORD) == []
    desk.forward(LOOK_UP_AFTER_S)
    (claim,) = desk.claim(RECORD)
    assert (claim.look_up, claim.vendor_ref) == (True, None)


def test_after_three_look_ups_a_record_waits_for_a_person(desk: Desk) -> None:
    assert [fail_and_look(desk, times) for times in (1, 2, 3)] == [True] * 3
    fail(desk, record().event, 4)
    handle(desk)
    row = report(desk)
    assert (row.state, row.reason) == ("held", "401 权限错误")
    assert fates(desk) == [State.LOOKED_UP] * 3 + [State.HELD]
    desk.forward(10**6)
    assert desk.claim(RECORD) == []


def test_the_look_ups_are_counted_by_report_whatever_the_vendor_calls_the_item(desk: Desk) -> None:
    desk.accept(record(2, connectorId="C-2"))
    desk.settle(desk.claim(RECORD), Accepted())
    for number in range(4):
        fail(desk, record().event, request_id=f"R-{number}")
        handle(desk)
    fail(desk, record(2, connectorId="C-2").event, request_id="of another")
    handle(desk)
    assert fates(desk) == [State.LOOKED_UP] * 3 + [State.HELD, State.LOOKED_UP]
    assert desk.states() == {1: "held", 2: "unclear"}


def test_a_record_that_waits_or_was_refused_is_looked_up_before_it_goes_out(desk: Desk) -> None:
    for number, state in enumerate(("pending", "refused", "held", "unclear")):
        with writing(desk.engine) as connection:
            connection.execute(tables.report.update().values(state=state))
        request_id = f"R-{number}"
        fail(desk, record().event, request_id=request_id)
        handle(desk)
        if number < 3:
            assert desk.states() == {1: "unclear"}
    assert desk.states() == {1: "held"}


def test_without_a_look_up_it_waits_for_a_person(desk: Desk) -> None:
    fail(desk, record().event)
    handle(desk, TAKES | {(CITY, RECORD): Takes()})
    (row,) = failed(desk)
    assert (row.state, row.reason) == ("held", "the vendor has no call to report it again")
    assert (report(desk).state, report(desk).settled_at) == ("held", desk.now)


def test_of_a_warning_nothing_is_known_by_which_it_could_be_matched(desk: Desk) -> None:
    desk.accept(warning(connectorId="C-1"))
    desk.settle(desk.claim(WARNING), Accepted())
    fail(desk, warning(connectorId="C-1").event)
    assert fates(desk) == [State.UNMATCHED]
