import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Engine, update

from tests.worker.desk import LEASE_S, RECORD, STATUS, WARNING, Desk
from tests.worker.failing import fail, handle
from tests.worker.given import NOON, record, status, warning
from worker.journal import tables
from worker.journal.engine import writing
from worker.outcomes import Accepted, OnUnclear, TryLater, Unclear


@pytest.fixture
def desk(engine: Engine) -> Desk:
    return Desk(engine)


def test_a_claim_is_committed_as_sending_with_its_lease(desk: Desk) -> None:
    desk.accept(record())
    (claim,) = desk.claim(RECORD, owner="me")
    until = NOON + timedelta(seconds=LEASE_S)
    assert (claim.report_id, claim.event, claim.tries) == (1, record().event, 0)
    assert claim.lease_owner.startswith("me:")
    assert (claim.lease_until, claim.look_up) == (until, False)
    (row,) = desk.all(tables.report)
    assert (row.state, row.lease_owner, row.lease_until) == ("sending", claim.lease_owner, until)


def test_what_is_claimed_is_claimed_once(desk: Desk) -> None:
    desk.accept(record())
    desk.claim(RECORD)
    assert desk.claim(RECORD, owner="other") == []


def test_a_lane_gives_only_its_own_reports(desk: Desk) -> None:
    desk.route = lambda event: ["garage"] if event.kind is RECORD else ["city"]
    desk.accept(record(), status(), warning())
    assert desk.claim(RECORD, "city") == []
    assert [c.event.kind for c in desk.claim(WARNING, "city")] == [WARNING]
    assert [c.event.kind for c in desk.claim(RECORD, "garage")] == [RECORD]


def test_those_due_first_come_first_and_no_more_than_asked_for(desk: Desk) -> None:
    desk.accept(*(record(n) for n in range(4)))
    first = desk.claim(RECORD, limit=2)
    desk.settle(first[:1], TryLater("busy"), wait_s=60)
    desk.settle(first[1:], TryLater("busy"), wait_s=30)
    desk.forward(60)
    claimed = [c.event.subject for c in desk.claim(RECORD, limit=3)]
    assert claimed == ["A-2", "A-3", "A-1"]


def test_what_is_not_due_yet_is_left(desk: Desk) -> None:
    desk.accept(record())
    desk.settle(desk.claim(RECORD), TryLater("busy"), wait_s=60)
    desk.forward(59)
    assert desk.claim(RECORD) == []
    desk.forward(1)
    (claim,) = desk.claim(RECORD)
    assert claim.tries == 1


def test_what_is_no_longer_worth_telling_is_left(desk: Desk) -> None:
    desk.accept(status())
    desk.forward(900)
    assert desk.claim(STATUS) == []


def test_one_status_of_a_connector_is_in_flight_at_a_time(desk: Desk) -> None:
    desk.accept(status("C-1", 1), status("C-2", 1))
    (first,) = desk.claim(STATUS, limit=1)
    desk.accept(status(first.event.subject.split("/")[1], 2))
    (second,) = desk.claim(STATUS, owner="other")
    assert second.subject != first.subject
    assert desk.claim(STATUS, owner="third") == []


def test_what_may_have_arrived_is_marked_to_be_looked_up(desk: Desk) -> None:
    desk.accept(record())
    desk.settle(desk.claim(RECORD), Unclear("no answer"), rule=OnUnclear.VERIFY)
    desk.forward(60)
    (claim,) = desk.claim(RECORD)
    assert claim.look_up


def test_an_unclear_status_and_a_newer_one_do_not_block_the_lane(desk: Desk) -> None:
    """Both wait and both are due: only one of a connector may be in flight."""
    desk.accept(status(second=1))
    desk.settle(desk.claim(STATUS), Unclear("no answer"), rule=OnUnclear.VERIFY)
    desk.accept(status(second=2), status("C-2"))
    desk.forward(60)
    claimed = desk.claim(STATUS)
    assert len({claim.subject for claim in claimed}) == len(claimed) == 2


def test_an_unclear_status_is_not_told_after_a_newer_one(desk: Desk) -> None:
    """Looked up and absent it would be sent, although a newer one has been accepted since."""
    desk.accept(status(second=1))
    desk.settle(desk.claim(STATUS), Unclear("no answer"), rule=OnUnclear.VERIFY)
    desk.accept(status(second=2))
    assert [state for _, state in desk.told()] == ["superseded", "pending"]


def test_what_failed_at_the_vendor_is_claimed_with_the_vendors_id_for_it(desk: Desk) -> None:
    desk.accept(status("C-1"), status("C-2"))
    desk.settle(desk.claim(STATUS), Accepted())
    fail(desk, status("C-2").event, request_id="R-7")
    handle(desk)
    desk.accept(status("C-3"))
    claimed = {claim.event.subject: claim for claim in desk.claim(STATUS)}
    assert {of[-3:]: (c.vendor_ref, c.look_up) for of, c in claimed.items()} == {
        "C-2": ("R-7", False),
        "C-3": (None, False),
    }


def test_a_lease_that_ran_out_keeps_the_vendors_id(desk: Desk) -> None:
    desk.accept(status())
    desk.settle(desk.claim(STATUS), Accepted())
    fail(desk, status().event)
    handle(desk)
    desk.claim(STATUS)
    desk.forward(LEASE_S + 1)
    desk.end_leases()
    assert [claim.vendor_ref for claim in desk.claim(STATUS)] == ["R-1"]


def test_a_copy_that_cannot_be_read_is_refused_and_the_others_are_claimed(desk: Desk) -> None:
    desk.accept(record(1), record(2))
    with writing(desk.engine) as connection:
        event = tables.event
        connection.execute(update(event).where(event.c.id == 1).values(body='{"orderNo": 7}'))
    assert [c.event.subject for c in desk.claim(RECORD)] == ["A-2"]
    refused = desk.all(tables.report)[0]
    assert (refused.state, refused.settled_at) == ("refused", NOON)
    assert "the journal's copy cannot be read: stationId: Field required" in refused.reason


def test_two_workers_never_claim_the_same_report(desk: Desk) -> None:
    desk.accept(*(record(n) for n in range(200)), *(status(f"C-{n}") for n in range(100)))
    start = threading.Barrier(4)

    def work(worker: int) -> list[int]:
        start.wait()
        mine: list[int] = []
        for kind in (RECORD, STATUS):
            while claims := desk.claim(kind, owner=str(worker), limit=7):
                mine += [claim.report_id for claim in claims]
        return mine

    with ThreadPoolExecutor(4) as pool:
        claimed = [
            ids for done in [pool.submit(work, n) for n in range(4)] for ids in done.result()
        ]
    assert len(claimed) == len(set(claimed))
    for kind in (RECORD, STATUS):  # what another had locked was skipped, not lost
        claimed += [claim.report_id for claim in desk.claim(kind, limit=1000)]
    assert sorted(claimed) == list(range(1, 301))
