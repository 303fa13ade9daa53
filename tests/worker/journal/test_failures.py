"""What a vendor could not process is told again, while it takes it and while it is the newest."""

import pytest
from sqlalchemy import Engine, event

from config.settings import Settings
from tests.worker.desk import CITY, POLICIES, RECORD, STATUS, WARNING, Desk, attempt, away
from tests.worker.failing import TAKES, fail, fail_all, failed, fates, handle, later, report
from tests.worker.given import record, status
from worker.journal import callback_listings, failures, refresh, replay, tables
from worker.journal.accept import Arrival
from worker.journal.claim import Claim
from worker.journal.failures import State
from worker.journal.listings import Filters
from worker.journal.prune import prune
from worker.outcomes import Accepted, TryLater
from worker.vendor import Takes

MANY = failures.BATCH + 20
DAY_S = 86_400


@pytest.fixture
def desk(engine: Engine) -> Desk:
    return Desk(engine)


def accept_told(desk: Desk, *arrivals: Arrival, vendor: str = CITY) -> None:
    """They arrive, are told and are taken."""
    desk.accept(*arrivals)
    for kind in (STATUS, RECORD, WARNING):
        desk.settle(desk.claim(kind, vendor, limit=1000), Accepted("taken"))


def test_an_accepted_report_that_failed_is_due_again_under_the_vendors_id(desk: Desk) -> None:
    accept_told(desk, status())
    desk.forward(300)
    fail(desk, status().event)
    assert fates(desk) == [State.WAITING]
    assert handle(desk) == 1
    row = report(desk)
    assert (row.state, row.vendor_ref, row.tries) == ("pending", "R-1", 0)
    assert (row.due_at, row.worth_until) == (desk.now, later(desk.now, 900))
    assert (row.settled_at, row.reason) == (
        None,
        "the vendor could not process it; was accepted: taken",
    )
    (row,) = failed(desk)
    assert (row.state, row.reason) == ("replayed", "reported again under the vendor's id")
    assert row.handled_at == desk.now
    assert handle(desk) == 0


def test_a_failed_report_names_the_last_attempt_and_counts_how_often_we_were_told(
    desk: Desk,
) -> None:
    desk.accept(status())
    for outcome in (TryLater("busy"), Accepted()):
        desk.settle(desk.claim(STATUS), outcome, attempt(1, outcome=outcome), wait_s=0)
    for _ in range(3):
        fail(desk, status().event)
    (row,) = failed(desk)
    assert (row.report_id, row.attempt_id, row.repeats) == (1, 2, 2)
    assert (row.vendor_code, row.message, row.request_id) == ("401", "权限错误", "R-1")


def test_the_vendors_id_stays_while_the_re_report_fails_and_goes_once_it_is_taken(
    desk: Desk,
) -> None:
    accept_told(desk, status())
    fail(desk, status().event)
    handle(desk)
    desk.settle(desk.claim(STATUS), TryLater("busy"), wait_s=5)
    desk.forward(5)
    (claim,) = desk.claim(STATUS)
    assert claim.vendor_ref == "R-1"
    desk.settle([claim], Accepted("taken again"))
    assert report(desk).vendor_ref is None
    fail(desk, status().event, 2)
    handle(desk)
    assert [c.vendor_ref for c in desk.claim(STATUS)] == ["R-1"]


@pytest.mark.parametrize("again", ["refresh", "replay"])
def test_what_is_told_anew_after_a_re_report_is_a_first_report(desk: Desk, again: str) -> None:
    accept_told(desk, status())
    fail(desk, status().event)
    handle(desk)
    desk.settle(desk.claim(STATUS), Accepted())
    desk.forward(301)
    assert tell_anew(desk, again) == 1
    (claim,) = desk.claim(STATUS)
    assert claim.vendor_ref is None


def test_after_the_third_failure_it_is_given_up_visibly_and_never_asked_again(desk: Desk) -> None:
    accept_told(desk, status())
    for times in (1, 2):
        fail(desk, status().event, times)
        handle(desk)
        desk.settle(desk.claim(STATUS), Accepted())
    fail(desk, status().event, 3)
    assert handle(desk) == 1
    row = report(desk)
    assert (row.state, row.settled_at, row.vendor_ref) == ("given_up", desk.now, None)
    assert row.reason == "given up after 3 failures: 401 权限错误"
    (*_, last) = failed(desk)
    assert (last.state, last.reason) == ("given-up", "the vendor takes at most 3 failures")
    desk.forward(301)
    assert desk.claim(STATUS) == []
    assert tell_anew(desk, "refresh") == 0


def test_a_person_may_replay_what_was_given_up_and_it_is_a_first_report(desk: Desk) -> None:
    accept_told(desk, status())
    fail(desk, status().event, 3)
    handle(desk)
    assert tell_anew(desk, "replay") == 1
    (claim,) = desk.claim(STATUS)
    assert (claim.vendor_ref, claim.tries) == (None, 0)


def test_a_third_failure_ends_a_re_report_that_waits(desk: Desk) -> None:
    accept_told(desk, status())
    fail(desk, status().event, 2)
    handle(desk)
    fail(desk, status().event, 3)
    handle(desk)
    assert desk.states() == {1: "given_up"}
    fail(desk, status().event, 1, request_id="R-2")
    handle(desk)
    assert (desk.states(), fates(desk)[-1]) == ({1: "given_up"}, State.GIVEN_UP)


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_an_earlier_failure_is_overtaken_by_a_later_one(desk: Desk, order: tuple[int, int]) -> None:
    accept_told(desk, status())
    for times in order:
        fail(desk, status().event, times)
    assert handle(desk) == 2
    fate = {row.failures: (row.state, row.reason) for row in failed(desk)}
    assert fate[1] == ("overtaken", "a later failure of the same item is known")
    assert fate[2][0] == "replayed"
    assert len(desk.claim(STATUS)) == 1


@pytest.mark.parametrize("fate", ["pending", "accepted"])
def test_a_status_is_not_told_again_once_a_newer_one_is_known(desk: Desk, fate: str) -> None:
    accept_told(desk, status(second=1))
    desk.accept(status(second=2, status=1))
    if fate == "accepted":
        desk.settle(desk.claim(STATUS), Accepted())
    before = desk.all(tables.report)
    fail(desk, status(second=1).event)
    handle(desk)
    assert desk.all(tables.report) == before
    (row,) = failed(desk)
    assert (row.state, row.reason) == ("overtaken", "a newer status of its connector is known")


def test_a_re_report_that_waits_gives_way_to_a_newer_status(desk: Desk) -> None:
    accept_told(desk, status(second=1))
    fail(desk, status(second=1).event)
    handle(desk)
    desk.accept(status(second=2))
    assert [state for _, state in desk.told()] == ["superseded", "pending"]
    for times in (2, 3):
        fail(desk, status(second=1).event, times)
        handle(desk)
    assert [state for _, state in desk.told()] == ["superseded", "pending"]
    assert fates(desk)[1:] == [State.OVERTAKEN, State.GIVEN_UP]
    assert [c.vendor_ref for c in desk.claim(STATUS)] == [None]


def test_what_is_being_sent_waits_for_the_next_look(desk: Desk) -> None:
    accept_told(desk, status())
    fail(desk, status().event, 1)
    handle(desk)
    claims = desk.claim(STATUS)
    fail(desk, status().event, 2)
    assert (handle(desk), desk.states(), fates(desk)[-1]) == (0, {1: "sending"}, State.WAITING)
    desk.settle(claims, Accepted())
    assert (handle(desk), desk.states()) == (1, {1: "pending"})


def test_what_a_worker_claims_between_the_look_and_the_handling_waits_too(desk: Desk) -> None:
    accept_told(desk, status())
    fail(desk, status().event, 1)
    handle(desk)
    fail(desk, status().event, 2)
    claims: list[Claim] = []

    def claim_meanwhile(_c: object, _k: object, statement: str, *_: object) -> None:
        if "LEFT OUTER JOIN report" in statement and not claims:
            claims.extend(desk.claim(STATUS))

    event.listen(desk.engine, "after_cursor_execute", claim_meanwhile)
    assert (handle(desk), desk.states(), fates(desk)[-1]) == (0, {1: "sending"}, State.WAITING)
    desk.settle(claims, Accepted())
    assert (handle(desk), desk.states()) == (1, {1: "pending"})


@pytest.mark.parametrize("blocked", ["vendor", "kind", "in flight"])
def test_what_must_wait_does_not_block_the_others(desk: Desk, blocked: str) -> None:
    desk.route = lambda _: [CITY, "mall"]
    statuses = [status(f"C-{n}") for n in range(MANY)]
    accept_told(desk, *statuses, vendor="mall")
    fail_all(desk, "mall")
    takes = {
        "vendor": TAKES,
        "kind": TAKES | {("mall", RECORD): Takes()},
        "in flight": TAKES | {("mall", STATUS): Takes(most_failures=3)},
    }[blocked]
    if blocked == "in flight":
        tell_anew(desk, "replay", vendor="mall")
        desk.claim(STATUS, "mall", limit=MANY)
    accept_told(desk, record())
    fail(desk, record().event, request_id="of a record")
    assert handle(desk, takes) == 1
    assert fates(desk) == [State.WAITING] * MANY + [State.LOOKED_UP]


def test_more_than_a_batch_is_handled_by_and_by(desk: Desk) -> None:
    statuses = [status(f"C-{n}") for n in range(MANY)]
    accept_told(desk, *statuses)
    fail_all(desk)
    assert [handle(desk), handle(desk), handle(desk)] == [failures.BATCH, 20, 0]
    assert set(desk.states().values()) == {"pending"}


def test_without_any_vendor_everything_waits(desk: Desk) -> None:
    accept_told(desk, status())
    fail(desk, status().event)
    assert (handle(desk, {}), fates(desk)) == (0, [State.WAITING])


def test_the_failure_of_a_report_that_was_pruned_is_unmatched(desk: Desk) -> None:
    accept_told(desk, record())
    fail(desk, record().event)
    desk.forward(2 * DAY_S)
    kept = Settings(_env_file=None, keep_record_days=1)
    assert prune(desk.engine, kept, desk.now) == 1
    assert handle(desk) == 1
    (row,) = failed(desk)
    assert (row.state, row.reason) == ("unmatched", "its report is no longer kept")


def test_what_no_report_of_ours_is_about_is_kept_and_shown(desk: Desk) -> None:
    accept_told(desk, status())
    fail(desk, None, request_id="unreadable")
    fail(desk, status(second=1).event, request_id="another second")
    fail(desk, status().event, request_id="of another vendor", vendor="mall")
    assert handle(desk) == 0
    shown = list(callback_listings.failed_reports(desk.engine, Filters(), limit=0))
    assert {(row["state"], row["reason"], row["report_id"]) for row in shown} == {
        ("unmatched", "no report of ours is what the vendor speaks of", None)
    }
    assert [row["request_id"] for row in shown] == [
        "of another vendor",
        "another second",
        "unreadable",
    ]
    assert desk.states() == {1: "accepted"}


def test_an_outage_of_the_database_is_not_taken_for_a_lost_race(desk: Desk) -> None:
    accept_told(desk, status())
    fail(desk, status().event)
    with (
        away(desk.engine, lambda statement: statement.startswith("UPDATE")),
        pytest.raises(Exception, match="gone away"),
    ):
        handle(desk)
    assert (fates(desk), desk.states()) == ([State.WAITING], {1: "accepted"})
    assert handle(desk) == 1


def tell_anew(desk: Desk, how: str, vendor: str = CITY) -> int:
    """By the clock, or because a person asked."""
    if how == "refresh":
        return refresh.refresh(desk.engine, {vendor: 300}, POLICIES[STATUS], desk.now)[vendor]
    filters = Filters(vendor=vendor)
    counts = replay.replay(desk.engine, filters, POLICIES, desk.now, again=True, per_s=1e9)
    return sum(n for group, n in counts.items() if group.fate is replay.Fate.REPLAYED)
