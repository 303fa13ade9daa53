from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from tests.worker.desk import RECORD, STATUS, Desk, attempt
from tests.worker.given import NOON, record, status
from worker.journal import tables
from worker.journal.claim import Claim
from worker.outcomes import Accepted, OnUnclear, Outcome, Refused, TryLater, Unclear


@pytest.fixture
def desk(engine: Engine) -> Desk:
    return Desk(engine)


LATER = NOON + timedelta(seconds=60)


@pytest.mark.parametrize(
    ("outcome", "rule", "state", "word", "tries", "settled"),
    [
        (Accepted("ok"), OnUnclear.HOLD, "accepted", "accepted", 0, NOON),
        (Refused("bad"), OnUnclear.HOLD, "refused", "refused", 0, NOON),
        (TryLater("busy"), OnUnclear.HOLD, "pending", "try-later", 1, None),
        (Unclear("silence"), OnUnclear.RESEND, "pending", "unclear", 1, None),
        (Unclear("silence"), OnUnclear.VERIFY, "unclear", "unclear", 1, None),
        (Unclear("silence"), OnUnclear.HOLD, "held", "unclear", 0, None),
    ],
)
def test_an_outcome_becomes_a_state(
    desk: Desk,
    outcome: Outcome,
    rule: OnUnclear,
    state: str,
    word: str,
    tries: int,
    settled: object,
) -> None:
    desk.accept(record())
    desk.settle(desk.claim(RECORD), outcome, rule=rule, wait_s=60)
    (row,) = desk.all(tables.report)
    assert (row.state, row.outcome, row.reason) == (state, word, outcome.reason)
    assert (row.tries, row.settled_at) == (tries, settled)
    assert (row.lease_owner, row.lease_until) == (None, None)
    if state in ("pending", "unclear"):
        assert row.due_at == LATER


def test_each_of_a_mixed_crowd_gets_its_own_outcome(desk: Desk) -> None:
    desk.accept(*(record(n) for n in range(1, 6)))
    claims = desk.claim(RECORD)
    for claim, outcome in zip(
        claims, [Accepted("a"), Accepted("b"), Refused("c"), TryLater("d"), None], strict=True
    ):
        desk.settle([claim], outcome)
    rows = desk.all(tables.report)
    assert [r.reason for r in rows[:4]] == ["a", "b", "c", "d"]
    assert [r.state for r in rows] == ["accepted", "accepted", "refused", "pending", "pending"]


def test_what_was_not_sent_is_given_back_unharmed(desk: Desk) -> None:
    desk.accept(record())
    desk.settle(desk.claim(RECORD), None)
    (row,) = desk.all(tables.report)
    assert (row.state, row.tries, row.due_at) == ("pending", 0, NOON)
    assert len(desk.claim(RECORD)) == 1


def test_what_had_to_be_looked_up_and_was_not_has_still_to_be_looked_up(desk: Desk) -> None:
    desk.accept(record())
    desk.settle(desk.claim(RECORD), Unclear("silence"), rule=OnUnclear.VERIFY)
    desk.forward(60)
    desk.settle(desk.claim(RECORD), None, rule=OnUnclear.VERIFY)
    (claim,) = desk.claim(RECORD)
    assert claim.look_up


@pytest.mark.parametrize("outcome", [Accepted(), Refused("no"), TryLater("busy"), None])
def test_a_report_that_another_holds_by_now_is_left_to_it(
    desk: Desk, outcome: Outcome | None
) -> None:
    desk.accept(record())
    lost = desk.claim(RECORD, owner="slept")
    desk.forward(91)
    desk.end_leases(wait_s=0)
    (held,) = desk.claim(RECORD, owner="awake")
    desk.settle(lost, outcome)
    (row,) = desk.all(tables.report)
    assert (row.state, row.lease_owner) == ("sending", held.lease_owner)
    desk.settle([held], Accepted("mine"))
    assert desk.all(tables.report)[0].reason == "mine"


def test_a_lease_that_the_same_process_has_taken_anew_is_another_lease(desk: Desk) -> None:
    """A process that slept may claim again while its first request is still out."""
    desk.accept(record())
    lost = desk.claim(RECORD, owner="me")
    desk.forward(91)
    desk.end_leases(wait_s=0)
    desk.claim(RECORD, owner="me")
    desk.settle(lost, TryLater("busy"))
    assert desk.states() == {1: "sending"}


def test_a_late_answer_does_not_undo_what_was_settled(desk: Desk) -> None:
    desk.accept(record())
    claims = desk.claim(RECORD)
    desk.settle(claims, Accepted())
    desk.settle(claims, Refused("late"))
    assert desk.states() == {1: "accepted"}


@pytest.mark.parametrize("outcome", [TryLater("busy"), Unclear("silence"), None])
def test_a_status_that_was_overtaken_while_in_flight_does_not_wait_again(
    desk: Desk, outcome: Outcome | None
) -> None:
    desk.accept(status(second=1), status("C-2"))
    claims = desk.claim(STATUS)
    desk.accept(status(second=2))
    desk.settle(claims, outcome)
    assert [state for _, state in desk.told()] == ["superseded", "pending", "pending"]
    told = {c.event.subject: c.event.occurred_at for c in _due(desk)}
    assert told["395815801/C-1"] == status(second=2).event.occurred_at


def test_a_status_that_was_accepted_in_flight_is_accepted_even_if_overtaken(desk: Desk) -> None:
    desk.accept(status(second=1))
    claims = desk.claim(STATUS)
    desk.accept(status(second=2))
    desk.settle(claims, Accepted())
    assert list(desk.states().values()) == ["accepted", "pending"]


def test_a_superseded_status_has_been_settled(desk: Desk) -> None:
    desk.accept(status(second=1))
    claims = desk.claim(STATUS)
    desk.accept(status(second=2))
    desk.settle(claims, TryLater("busy"))
    assert desk.all(tables.report)[0].settled_at == NOON


def test_attempts_are_kept_with_the_reports_they_carried(desk: Desk) -> None:
    desk.accept(record(1), record(2))
    claims = desk.claim(RECORD)
    tries = [attempt(1, 2, outcome=TryLater("busy", "500")), attempt(2, outcome=Accepted("ok"))]
    desk.settle(claims, Accepted("ok"), *tries)
    rows = desk.all(tables.attempt)
    assert [(a.outcome, a.vendor_code, a.reports) for a in rows] == [
        ("try-later", "500", 2),
        ("accepted", None, 1),
    ]
    links = {(a.attempt_id, a.report_id) for a in desk.all(tables.attempt_report)}
    assert links == {(1, 1), (1, 2), (2, 2)}


def test_a_lane_that_was_asked_to_wait_is_written_down(desk: Desk) -> None:
    desk.settle([], None, not_before=(LATER, "HTTP 429"))
    (lane,) = desk.all(tables.lane_state)
    assert (lane.vendor, lane.kind, lane.not_before, lane.why) == (
        "city",
        RECORD,
        LATER,
        "HTTP 429",
    )


def test_a_shorter_wait_does_not_end_a_longer_one(desk: Desk) -> None:
    desk.settle([], None, not_before=(LATER, "HTTP 429"))
    desk.settle([], None, not_before=(NOON + timedelta(seconds=1), "HTTP 429"))
    assert desk.all(tables.lane_state)[0].not_before == LATER


def _due(desk: Desk) -> Sequence[Claim]:
    desk.forward(61)
    return desk.claim(STATUS)
