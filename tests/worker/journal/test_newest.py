"""Of a connector's statuses the newest wins, in whatever order they arrive."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from tests.worker.desk import CITY, STATUS, Desk
from tests.worker.given import NOON, record, status
from worker.events import Event
from worker.journal import tables
from worker.journal.accept import Arrival
from worker.outcomes import Accepted


@pytest.fixture
def desk(engine: Engine) -> Desk:
    return Desk(engine)


def test_a_newer_status_takes_the_place_of_the_one_that_waits(desk: Desk) -> None:
    desk.accept(status(second=1))
    desk.accept(status(second=2, status=1))
    assert list(desk.states().values()) == ["superseded", "pending"]
    (connector,) = desk.all(tables.connector)
    assert (connector.status, connector.event_id) == (1, 2)


def test_an_older_status_that_arrives_late_is_kept_but_not_told(desk: Desk) -> None:
    desk.accept(status(second=2))
    result = desk.accept(status(second=1))
    assert (result.events, result.lanes) == (1, set())
    assert list(desk.states().values()) == ["pending", "superseded"]
    assert desk.all(tables.report)[1].reason == "a newer status was known already"


def test_an_older_status_is_not_told_even_after_the_newer_one_was_accepted(desk: Desk) -> None:
    desk.accept(status(second=2))
    desk.settle(desk.claim(STATUS), Accepted())
    desk.accept(status(second=1))
    assert list(desk.states().values()) == ["accepted", "superseded"]


def test_of_two_at_one_instant_the_later_arrival_wins(desk: Desk) -> None:
    desk.accept(status(status=1))
    desk.accept(status(status=2), status(status=3))
    assert list(desk.states().values()) == ["superseded", "superseded", "pending"]


def test_within_a_batch_the_newest_wins_wherever_it_stands(desk: Desk) -> None:
    desk.accept(status(second=1), status(second=3), status(second=2))
    assert [state for _, state in desk.told()] == ["superseded", "pending", "superseded"]


def test_what_is_in_flight_stays_and_the_newer_one_waits_behind_it(desk: Desk) -> None:
    desk.accept(status(second=1))
    desk.claim(STATUS)
    desk.accept(status(second=2))
    assert list(desk.states().values()) == ["sending", "pending"]
    assert desk.claim(STATUS) == []


def test_connectors_and_vendors_are_judged_apart(desk: Desk) -> None:
    desk.route = lambda _: ["city", "garage"]
    desk.accept(status("C-1", 2), status("C-2", 1), status("C-1", 1, operatorId="other"))
    assert list(desk.states().values()) == ["pending"] * 6


def test_records_never_take_each_others_place(desk: Desk) -> None:
    desk.accept(record(1, endTime="2024-05-01 20:00:00"), record(2, endTime="2024-05-01 10:00:00"))
    assert list(desk.states().values()) == ["pending"] * 2


readings = st.tuples(st.sampled_from(["C-1", "C-2"]), st.integers(0, 5), st.integers(0, 3))
batches = st.lists(st.lists(readings, min_size=1, max_size=4), min_size=1, max_size=5)


@given(batches)
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_in_any_order_and_batching_the_newest_is_the_only_one_to_be_told(
    desk: Desk, published: list[list[tuple[str, int, int]]]
) -> None:
    desk.empty()
    desk.route = lambda _: ["city", "garage"]
    last: dict[str, tuple[int, int]] = {}
    seen: set[tuple[str, int, int]] = set()
    for batch in published:
        desk.accept(*(status(c, second, status=s) for c, second, s in batch))
        for connector, second, said in batch:
            fresh = (connector, second, said) not in seen
            seen.add((connector, second, said))
            if fresh and second >= last.get(connector, (0, 0))[0]:
                last[connector] = (second, said)

    expected = {status(c, second, status=s).event.identity for c, (second, s) in last.items()}
    told = [identity for identity, state in desk.told() if state == "pending"]
    assert sorted(told) == sorted([*expected] * 2)
    assert {state for _, state in desk.told()} <= {"pending", "superseded"}
    newest = {row.subject: row.occurred_at for row in desk.all(tables.connector)}
    assert set(newest.values()) == {
        NOON - timedelta(hours=1) + timedelta(seconds=second) for second, _ in last.values()
    }


def test_two_workers_that_accept_the_same_events_at_once_lose_and_double_nothing(
    desk: Desk,
) -> None:
    """Each publishes everything, in its own order, in batches of its own."""
    arrivals = [status(f"C-{n % 7}", n % 11, status=n % 3) for n in range(120)]
    arrivals += [record(n, totalMoney=m) for n in range(20) for m in (1, 2)]
    start = threading.Barrier(4)

    def work(worker: int) -> None:
        mine = random.Random(worker).sample(arrivals, len(arrivals))
        start.wait()
        for at in range(0, len(mine), 16):
            desk.accept(*mine[at : at + 16], batch=f"{worker}-{at}")

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(work, worker) for worker in range(4)]:
            done.result()

    identities = [event.event.identity for event in arrivals]
    events = desk.all(tables.event)
    assert sorted(e.identity for e in events) == sorted(set(identities))
    conflicts = desk.all(tables.conflict)
    counted = sum(e.duplicates + 1 for e in events) + sum(c.repeats + 1 for c in conflicts)
    assert counted == 4 * len(arrivals)
    pending = [r for r in desk.all(tables.report) if r.state == "pending" and r.kind == STATUS]
    assert {(r.subject, r.occurred_at) for r in pending} == set(_newest(arrivals).items())
    assert len(pending) == 7


def test_a_vendor_for_which_each_status_counts_is_told_all_of_them(desk: Desk) -> None:
    """A fault ends a reservation, whatever the connector says a second later."""
    desk.route, desk.tell_all = (lambda _: [CITY, "maker"]), frozenset({"maker"})
    desk.accept(status(second=1, status=255), status(second=2, status=0))
    desk.accept(status(second=0, status=255))
    told = [(r.vendor, r.occurred_at.second, r.state) for r in desk.all(tables.report)]
    assert sorted(told) == [
        (CITY, 0, "superseded"),
        (CITY, 1, "superseded"),
        (CITY, 2, "pending"),
        ("maker", 0, "pending"),
        ("maker", 1, "pending"),
        ("maker", 2, "pending"),
    ]
    assert len(desk.claim(STATUS, "maker")) == 3


def _newest(arrivals: list[Arrival]) -> dict[str, object]:
    newest: dict[str, object] = {}
    statuses: list[Event] = [a.event for a in arrivals if a.event.kind is STATUS]
    for event in sorted(statuses, key=lambda event: event.occurred_at):
        newest[event.subject] = event.occurred_at
    return newest
