from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from tests.worker.desk import CITY, POLICIES, RECORD, STATUS, Desk, away
from tests.worker.given import record, status
from worker.journal import refresh as journal
from worker.journal import sweep, tables
from worker.outcomes import Accepted, OnUnclear, Refused, TryLater, Unclear

EVERY_S = 300.0
MANY = 2 * journal.BATCH + 3


@pytest.fixture
def desk(engine: Engine) -> Desk:
    return Desk(engine)


def refresh(desk: Desk, **every_s: float) -> int:
    vendors = every_s or {CITY: EVERY_S}
    return journal.refresh(desk.engine, vendors, POLICIES[STATUS], desk.now).get(CITY, 0)


def tell(desk: Desk) -> None:
    desk.settle(desk.claim(STATUS, limit=MANY), Accepted("taken"))


def test_an_unchanged_status_is_told_again_once_its_time_has_come(desk: Desk) -> None:
    desk.accept(status())
    tell(desk)
    desk.forward(300)
    assert refresh(desk) == 0
    desk.forward(1)
    assert refresh(desk) == 1
    assert sweep.due_lanes(desk.engine, [(CITY, STATUS)], desk.now) == [(CITY, STATUS)]
    (claim,) = desk.claim(STATUS)
    assert (claim.tries, claim.look_up) == (0, False)
    desk.settle([claim], Accepted("taken again"))
    assert refresh(desk) == 0
    desk.forward(301)
    assert refresh(desk) == 1


def test_it_has_a_fresh_budget_and_keeps_how_it_stood(desk: Desk) -> None:
    desk.accept(status())
    tell(desk)
    desk.forward(5000)
    refresh(desk)
    (row,) = desk.all(tables.report)
    assert (row.state, row.tries, row.due_at) == ("pending", 0, desk.now)
    assert row.worth_until == desk.now + timedelta(seconds=900)
    assert row.settled_at is None
    assert row.reason == "refreshed; was accepted: taken"


def test_only_a_connectors_newest_status_is_told_again(desk: Desk) -> None:
    for second in range(3):
        desk.accept(status(second=second), status("C-2", second))
        tell(desk)
    desk.forward(301)
    assert refresh(desk) == 2
    assert desk.states() == {
        1: "accepted",
        2: "accepted",
        3: "accepted",
        4: "accepted",
        5: "pending",
        6: "pending",
    }


def test_a_late_event_that_is_older_changes_nothing(desk: Desk) -> None:
    desk.accept(status(second=2))
    tell(desk)
    desk.accept(status(second=1))
    desk.forward(301)
    assert refresh(desk) == 1
    assert [state for _, state in desk.told()] == ["pending", "superseded"]


def test_a_connector_of_which_something_waits_is_left_alone(desk: Desk) -> None:
    desk.accept(status(second=1))
    tell(desk)
    desk.accept(status(second=2))
    desk.forward(301)
    assert refresh(desk) == 0
    desk.claim(STATUS)
    assert refresh(desk) == 0
    assert [state for _, state in desk.told()] == ["accepted", "sending"]


def test_a_connector_with_an_older_status_in_flight_is_left_alone(desk: Desk) -> None:
    desk.accept(status(second=1))
    old = desk.claim(STATUS)
    desk.accept(status(second=2))
    with desk.engine.begin() as connection:
        newest = tables.report.c.id == 2
        connection.execute(
            tables.report.update().where(newest).values(state="accepted", settled_at=desk.now)
        )
    desk.forward(60)
    assert refresh(desk, **{CITY: 10}) == 0
    desk.settle(old, Accepted())
    assert refresh(desk, **{CITY: 10}) == 1


@pytest.mark.parametrize(
    "outcome",
    [Refused("bad"), TryLater("busy"), Unclear("silence")],
    ids=lambda o: type(o).__name__,
)
def test_what_was_refused_waits_or_is_held_is_not_told_again(
    desk: Desk, outcome: Refused | TryLater | Unclear
) -> None:
    desk.accept(status())
    desk.settle(desk.claim(STATUS), outcome, rule=OnUnclear.HOLD)
    before = desk.all(tables.report)
    desk.forward(500)
    assert refresh(desk) == 0
    assert desk.all(tables.report) == before


def test_a_status_that_expired_while_the_vendor_was_away_is_told_after_all(desk: Desk) -> None:
    desk.accept(status())
    desk.forward(901)
    desk.end_worth()
    assert desk.states() == {1: "expired"}
    desk.forward(301)
    assert refresh(desk) == 1
    (row,) = desk.all(tables.report)
    assert row.reason == "refreshed; was expired: not accepted while it was worth telling"
    tell(desk)
    assert desk.states() == {1: "accepted"}


def test_a_newer_status_overtakes_one_that_is_to_be_told_again(desk: Desk) -> None:
    desk.accept(status(second=1))
    tell(desk)
    desk.forward(301)
    refresh(desk)
    desk.accept(status(second=2))
    assert [state for _, state in desk.told()] == ["superseded", "pending"]


def test_only_statuses_of_vendors_that_want_it_are_told_again(desk: Desk) -> None:
    desk.route = lambda _: [CITY, "mall"]
    desk.accept(status(), record())
    for vendor in (CITY, "mall"):
        for kind in (STATUS, RECORD):
            desk.settle(desk.claim(kind, vendor), Accepted())
    desk.forward(10**5)
    told = journal.refresh(desk.engine, {CITY: 300, "nobody": 300}, POLICIES[STATUS], desk.now)
    assert told == {CITY: 1, "nobody": 0}
    states = {(r.vendor, r.kind): r.state for r in desk.all(tables.report)}
    assert states == {
        (CITY, STATUS): "pending",
        ("mall", STATUS): "accepted",
        (CITY, RECORD): "accepted",
        ("mall", RECORD): "accepted",
    }


def test_more_than_a_batch_is_told_again_and_each_once(desk: Desk) -> None:
    desk.accept(*(status(f"C-{n}") for n in range(MANY)))
    tell(desk)
    desk.forward(301)
    assert refresh(desk) == MANY
    assert refresh(desk) == 0
    assert set(desk.states().values()) == {"pending"}


def test_an_outage_of_the_database_is_not_taken_for_a_lost_race(desk: Desk) -> None:
    desk.accept(status())
    tell(desk)
    desk.forward(301)
    with (
        away(desk.engine, lambda statement: statement.startswith("UPDATE")),
        pytest.raises(Exception, match="gone away"),
    ):
        refresh(desk)
    assert refresh(desk) == 1


def test_beside_a_busy_intake_only_the_newest_status_of_a_connector_waits(desk: Desk) -> None:
    connectors = [f"C-{n}" for n in range(20)]
    for second in range(15):
        desk.accept(*(status(c, 2 * second) for c in connectors))
        tell(desk)
        desk.forward(301)
        newer = [status(c, 2 * second + 1) for c in reversed(connectors[: second + 1])]
        with ThreadPoolExecutor(2) as pool:
            intake = pool.submit(desk.accept, *newer)
            by_the_clock = pool.submit(refresh, desk)
        intake.result()
        by_the_clock.result()
        newest = {row.event_id for row in desk.all(tables.connector)}
        waiting = {r.event_id for r in desk.all(tables.report) if r.state == "pending"}
        assert waiting <= newest
        refresh(desk)
        assert len([s for s in desk.states().values() if s == "pending"]) == len(connectors)
        tell(desk)
