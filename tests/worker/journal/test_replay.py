from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Engine

from tests.worker.rows import (
    NOW,
    POLICIES,
    all_of,
    minutes,
    record,
    set_reports,
    states,
    status,
    take_in,
    warning,
)
from worker.events import Kind
from worker.journal import replay, tables
from worker.journal.listings import Filters
from worker.journal.replay import Counts, Fate, Group
from worker.journal.states import State

LATER = NOW + minutes(60)
CITY = Filters(vendor="city")


def replayed(engine: Engine, filters: Filters = CITY, *, again: bool = False) -> Counts:
    return replay.replay(engine, filters, POLICIES, LATER, again=again, per_s=50)


def report(engine: Engine, event_id: int = 1) -> dict[str, Any]:
    return next(row for row in all_of(engine, tables.report) if row["event_id"] == event_id)


def one_in(engine: Engine, state: State, **values: object) -> None:
    take_in(engine, Kind.CHARGE_RECORD, [record("R1")])
    set_reports(engine, {"vendor": "city"}, state=state, **values)


@pytest.mark.parametrize(
    "state", [State.REFUSED, State.HELD, State.GIVEN_UP, State.EXPIRED, State.UNCLEAR]
)
def test_what_did_not_arrive_is_pending_again_with_a_fresh_budget(
    engine: Engine, state: State
) -> None:
    one_in(engine, state, tries=7, settled_at=NOW, outcome="refused", reason="no such station")
    counts = replayed(engine)
    assert counts == {Group("city", "charge-record", state, Fate.REPLAYED): 1}
    row = report(engine)
    assert (row["state"], row["tries"], row["due_at"]) == ("pending", 0, LATER)
    assert row["settled_at"] is None
    assert row["outcome"] == "refused"
    assert row["reason"] == f"replayed by hand; was {state}: no such station"


def test_a_pending_report_is_due_at_once(engine: Engine) -> None:
    one_in(engine, State.PENDING, tries=5, due_at=LATER + minutes(30), reason="HTTP 500")
    replayed(engine)
    replayed(engine)
    row = report(engine)
    assert (row["due_at"], row["tries"]) == (LATER, 0)
    assert row["reason"] == "replayed by hand; was pending: HTTP 500"


def test_what_was_accepted_is_told_twice_only_on_purpose(engine: Engine) -> None:
    one_in(engine, State.ACCEPTED)
    assert not replayed(engine)
    assert report(engine)["state"] == "accepted"
    assert replayed(engine, again=True).total() == 1
    assert report(engine)["state"] == "pending"


@pytest.mark.parametrize("state", [State.SENDING, State.SUPERSEDED])
def test_what_is_under_way_or_overtaken_is_never_replayed(engine: Engine, state: State) -> None:
    one_in(engine, state)
    assert not replayed(engine, again=True)
    assert report(engine)["state"] == state


def test_a_warning_is_worth_telling_anew(engine: Engine) -> None:
    take_in(engine, Kind.SAFETY_WARNING, [warning("W1")])
    set_reports(engine, {"vendor": "city"}, state=State.HELD)
    replayed(engine)
    worth_s = POLICIES[Kind.SAFETY_WARNING].worth_s
    assert worth_s is not None
    assert report(engine)["worth_until"] == LATER + minutes(worth_s / 60)


def test_only_what_the_filters_pick_is_replayed(engine: Engine) -> None:
    take_in(engine, Kind.CHARGE_RECORD, [record("R1"), record("R2")], vendors=("city", "mall"))
    for vendor in ("city", "mall"):
        set_reports(engine, {"vendor": vendor}, state=State.REFUSED)
    assert replayed(engine, Filters(vendor="city", subject="R2")).total() == 1
    assert list(states(engine).values()).count("pending") == 1
    assert states(engine)[("city", 2)] == "pending"


def test_the_newest_status_of_a_connector_is_replayed_and_an_older_one_is_not(
    engine: Engine,
) -> None:
    for minute in (0, 1):
        take_in(engine, Kind.CONNECTOR_STATUS, [status("C1", minute, minute)])
        set_reports(engine, {"event_id": minute + 1}, state=State.EXPIRED)
    counts = replayed(engine)
    kind = "connector-status"
    assert counts == {
        Group("city", kind, "expired", Fate.REPLAYED): 1,
        Group("city", kind, "expired", Fate.OVERTAKEN): 1,
    }
    assert states(engine) == {("city", 1): "expired", ("city", 2): "pending"}


def test_a_refused_status_is_not_replayed_while_a_newer_one_waits(engine: Engine) -> None:
    take_in(engine, Kind.CONNECTOR_STATUS, [status("C1", 1, 0)])
    set_reports(engine, {"event_id": 1}, state=State.REFUSED)
    take_in(engine, Kind.CONNECTOR_STATUS, [status("C1", 2, 1)])
    counts = replayed(engine, Filters(states=(State.REFUSED,)))
    assert counts == {Group("city", "connector-status", "refused", Fate.OVERTAKEN): 1}
    assert states(engine) == {("city", 1): "refused", ("city", 2): "pending"}


def test_an_older_status_that_waits_gives_way_to_the_newest(engine: Engine) -> None:
    take_in(engine, Kind.CONNECTOR_STATUS, [status("C1", 1, 0)], vendors=("city", "mall"))
    take_in(engine, Kind.CONNECTOR_STATUS, [status("C1", 2, 1)])
    set_reports(engine, {"event_id": 2}, state=State.REFUSED)
    set_reports(engine, {"event_id": 1, "vendor": "city"}, state=State.PENDING)
    assert replayed(engine, Filters(states=(State.REFUSED,))).total() == 1
    assert states(engine) == {
        ("city", 1): "superseded",
        ("mall", 1): "pending",
        ("city", 2): "pending",
    }


def test_more_than_a_batch_is_replayed_and_counted_once(engine: Engine) -> None:
    many = 2 * replay.BATCH + 3
    take_in(engine, Kind.CHARGE_RECORD, [record(f"R{n}") for n in range(many)])
    set_reports(engine, {"vendor": "city"}, state=State.REFUSED)
    assert replayed(engine).total() == many
    assert set(states(engine).values()) == {"pending"}


def test_a_plan_says_what_would_happen_and_writes_nothing(engine: Engine) -> None:
    take_in(engine, Kind.CHARGE_RECORD, [record("R1"), record("R2")])
    take_in(engine, Kind.CONNECTOR_STATUS, [status("C1", 1, 0)])
    set_reports(engine, {"event_id": 1}, state=State.ACCEPTED)
    set_reports(engine, {"event_id": 2}, state=State.REFUSED)
    set_reports(engine, {"event_id": 3}, state=State.EXPIRED)
    take_in(engine, Kind.CONNECTOR_STATUS, [status("C1", 2, 1)], vendors=())
    before = all_of(engine, tables.report)
    assert replay.plan(engine, CITY, again=False) == {
        Group("city", "charge-record", "accepted", Fate.LEFT): 1,
        Group("city", "charge-record", "refused", Fate.REPLAYED): 1,
        Group("city", "connector-status", "expired", Fate.OVERTAKEN): 1,
    }
    assert all_of(engine, tables.report) == before


def test_beside_a_busy_intake_only_the_newest_status_of_a_connector_is_pending(
    engine: Engine,
) -> None:
    connectors = [f"C{n}" for n in range(20)]
    for minute in range(15):
        take_in(engine, Kind.CONNECTOR_STATUS, [status(c, 1, minute) for c in connectors])
        set_reports(engine, {"state": State.PENDING}, state=State.EXPIRED)
        newer = [status(c, 2, minute + 30) for c in reversed(connectors[: minute + 1])]
        with ThreadPoolExecutor(2) as pool:
            intake = pool.submit(take_in, engine, Kind.CONNECTOR_STATUS, newer)
            by_hand = pool.submit(replayed, engine)
        intake.result()
        by_hand.result()
        newest = {row["event_id"] for row in all_of(engine, tables.connector)}
        pending = {event for (_, event), state in states(engine).items() if state == "pending"}
        assert pending <= newest
        assert len(pending) == len(connectors)
