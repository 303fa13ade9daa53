from datetime import timedelta

import pytest
from sqlalchemy import Engine

from tests.worker.desk import CITY, RECORD, STATUS, WARNING, Desk
from tests.worker.given import NOON, record, status, warning
from worker.events import Kind
from worker.journal import gates, sweep, tables
from worker.outcomes import Accepted, OnUnclear, Refused, TryLater, Unclear

LANES = [(CITY, kind) for kind in Kind]


@pytest.fixture
def desk(engine: Engine) -> Desk:
    return Desk(engine)


def due(desk: Desk) -> list[Kind]:
    return [kind for _, kind in sweep.due_lanes(desk.engine, LANES, desk.now)]


def test_a_lane_is_due_while_something_in_it_is_due(desk: Desk) -> None:
    assert due(desk) == []
    desk.accept(record(1), record(2), status())
    assert due(desk) == [STATUS, RECORD]
    desk.settle(desk.claim(STATUS), Accepted())
    desk.settle(desk.claim(RECORD), TryLater("busy"), wait_s=60)
    assert due(desk) == []
    desk.forward(60)
    assert due(desk) == [RECORD]


def test_what_is_to_be_looked_up_is_due_too(desk: Desk) -> None:
    desk.accept(record())
    desk.settle(desk.claim(RECORD), Unclear("silence"), rule=OnUnclear.VERIFY, wait_s=60)
    assert due(desk) == []
    desk.forward(60)
    assert due(desk) == [RECORD]


def test_what_is_in_flight_refused_or_held_is_not_due(desk: Desk) -> None:
    desk.accept(record(1), record(2), record(3))
    one, two, _ = desk.claim(RECORD)
    desk.settle([one], Refused("bad"))
    desk.settle([two], Unclear("silence"), rule=OnUnclear.HOLD)
    desk.forward(10**6)
    assert due(desk) == []


@pytest.mark.parametrize(
    ("rule", "state"),
    [
        (OnUnclear.RESEND, "pending"),
        (OnUnclear.VERIFY, "unclear"),
        (OnUnclear.HOLD, "held"),
    ],
)
def test_a_lease_that_ran_out_is_unclear_and_goes_by_the_lanes_rule(
    desk: Desk, rule: OnUnclear, state: str
) -> None:
    desk.accept(record())
    desk.claim(RECORD)
    desk.forward(90)
    assert desk.end_leases(rule) == 0
    desk.forward(1)
    assert desk.end_leases(rule) == 1
    (row,) = desk.all(tables.report)
    assert (row.state, row.outcome, row.tries) == (state, "unclear", 1)
    assert (row.lease_owner, row.lease_until) == (None, None)
    assert "fell silent" in row.reason
    assert desk.end_leases(rule) == 0


def test_what_is_looked_up_waits_until_the_vendor_has_surely_finished(desk: Desk) -> None:
    desk.accept(record())
    desk.claim(RECORD)
    desk.forward(91)
    desk.end_leases(OnUnclear.VERIFY, wait_s=120)
    assert desk.all(tables.report)[0].due_at == desk.now + timedelta(seconds=120)


def test_of_a_vendor_that_is_no_longer_configured_a_person_decides(desk: Desk) -> None:
    desk.accept(record())
    desk.claim(RECORD)
    desk.forward(91)
    sweep.end_leases(desk.engine, {}, desk.now, 60)
    assert desk.states() == {1: "held"}


@pytest.mark.parametrize("rule", [OnUnclear.RESEND, OnUnclear.VERIFY])
def test_a_status_overtaken_in_flight_is_not_told_again_when_its_lease_runs_out(
    desk: Desk, rule: OnUnclear
) -> None:
    desk.accept(status(second=1), status("C-2"))
    desk.claim(STATUS)
    desk.accept(status(second=2))
    desk.forward(91)
    assert desk.end_leases(rule) == 2
    first, other, newer = (state for _, state in desk.told())
    assert (first, newer) == ("superseded", "pending")
    assert other == ("pending" if rule is OnUnclear.RESEND else "unclear")


def test_more_leases_than_one_sweep_ends_are_ended_by_the_next(desk: Desk) -> None:
    desk.accept(*(record(n) for n in range(700)))
    desk.claim(RECORD, limit=700)
    desk.forward(91)
    assert [desk.end_leases() for _ in range(3)] == [500, 200, 0]
    assert set(desk.states().values()) == {"pending"}


def test_a_status_expires_and_a_warning_is_held_once_they_are_not_worth_telling(
    desk: Desk,
) -> None:
    desk.accept(status(), record(), warning())
    desk.forward(899)
    assert desk.end_worth() == 0
    desk.forward(1)
    assert desk.end_worth() == 1
    desk.forward(86_400)
    assert desk.end_worth() == 1
    assert list(desk.states().values()) == ["expired", "pending", "held"]
    assert desk.all(tables.report)[0].settled_at == NOON + timedelta(minutes=15)
    assert desk.end_worth() == 0


def test_a_status_that_was_to_be_looked_up_expires_too(desk: Desk) -> None:
    desk.accept(status())
    desk.settle(desk.claim(STATUS), Unclear("silence"), rule=OnUnclear.VERIFY)
    desk.forward(900)
    assert desk.end_worth() == 1
    assert desk.states() == {1: "expired"}


def test_what_is_in_flight_does_not_expire_under_the_request(desk: Desk) -> None:
    desk.accept(status(), warning())
    desk.forward(890)
    claims = desk.claim(STATUS)
    desk.forward(20)
    assert desk.end_worth() == 0
    desk.settle(claims, Accepted())
    assert desk.states()[1] == "accepted"


def test_what_was_told_or_refused_neither_expires_nor_is_held(desk: Desk) -> None:
    desk.accept(status(), warning())
    desk.settle(desk.claim(STATUS), Accepted())
    desk.settle(desk.claim(WARNING), Refused("bad"))
    desk.forward(10**7)
    assert desk.end_worth() == 0
    assert list(desk.states().values()) == ["accepted", "refused"]


def test_a_clock_that_went_back_leaves_nothing_waiting_for_the_time_that_was_taken_back(
    desk: Desk,
) -> None:
    desk.forward(600)
    desk.accept(record(1), record(2))
    desk.settle(desk.claim(RECORD, limit=1), TryLater("busy"), wait_s=3600)
    desk.accept(record(3))
    (held,) = desk.claim(RECORD, limit=1)
    gates.open_breaker(desk.engine, CITY, step=1, until=desk.now + timedelta(seconds=5), why="x")
    desk.forward(-600)
    for _ in range(2):
        sweep.set_back(desk.engine, desk.now, 600, 90)
    rows = {row.id: row for row in desk.all(tables.report)}
    assert rows[held.report_id].lease_until == NOON + timedelta(seconds=90)
    (breaker,) = desk.all(tables.vendor_state)
    assert breaker.breaker_until == NOON
    waits = sorted(row.due_at - NOON for row in rows.values() if row.state == "pending")
    assert waits == [timedelta(0), timedelta(seconds=4200)]
