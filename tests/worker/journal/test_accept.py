from datetime import timedelta

import pytest
from sqlalchemy import Engine

from tests.worker.desk import CITY, RECORD, STATUS, Desk
from tests.worker.given import NOON, record, status, warning
from worker.journal import accept as intake
from worker.journal import tables
from worker.journal.accept import Accepted, Unread
from worker.journal.engine import open_journal


@pytest.fixture
def desk(engine: Engine) -> Desk:
    return Desk(engine)


def test_a_new_event_is_kept_with_a_report_for_each_vendor_that_takes_it(desk: Desk) -> None:
    desk.route = lambda _: ["city", "garage"]
    arrival = record(plateNo="沪A12345", extra={"a": [1]})
    result = desk.accept(arrival)
    assert (result.events, result.lanes) == (1, {("city", RECORD), ("garage", RECORD)})
    (event,) = desk.all(tables.event)
    assert (event.kind, event.identity, event.body) == (RECORD, "A-1", arrival.body)
    assert (event.occurred_at, event.received_at) == (arrival.event.occurred_at, NOON)
    reports = desk.all(tables.report)
    assert [(r.vendor, r.state, r.due_at, r.tries) for r in reports] == [
        ("city", "pending", NOON, 0),
        ("garage", "pending", NOON, 0),
    ]


def test_an_event_that_nobody_takes_is_kept_all_the_same(desk: Desk) -> None:
    desk.route = lambda _: []
    assert desk.accept(record()).lanes == set()
    assert len(desk.all(tables.event)) == 1
    assert desk.states() == {}


def test_a_batch_is_accepted_once(desk: Desk) -> None:
    unread = [Unread("not JSON", b"{", 1)]
    desk.accept(record(1), record(1), batch="b", unread=unread)
    again = desk.accept(record(1), record(2), batch="b", unread=unread)
    assert again == Accepted(repeated_batch=True)
    (event,) = desk.all(tables.event)
    assert event.duplicates == 1
    assert len(desk.all(tables.reject)) == 1


def test_a_batch_that_fails_half_way_leaves_no_trace_and_can_be_accepted_later(desk: Desk) -> None:
    def breaks(_: object) -> list[str]:
        raise RuntimeError("the roster is broken")

    desk.route = breaks
    with pytest.raises(RuntimeError):
        desk.accept(record(), batch="b", unread=[Unread("no", b"", 0)])
    assert [desk.all(t) for t in (tables.event, tables.reject, tables.intake_batch)] == [[]] * 3
    desk.route = lambda _: [CITY]
    assert desk.accept(record(), batch="b").events == 1


def test_what_could_not_be_read_becomes_rejects(desk: Desk) -> None:
    desk.accept(unread=[Unread("not JSON", b"\x00\xff", 999)], queue=STATUS)
    (reject,) = desk.all(tables.reject)
    assert (reject.queue, reject.reason) == (STATUS, "not JSON")
    assert (reject.raw, reject.raw_bytes) == (b"\x00\xff", 999)


def test_the_same_order_again_is_a_counted_duplicate_and_nothing_else(desk: Desk) -> None:
    desk.accept(record())
    result = desk.accept(record(), record(totalMoney=12.3), record(totalMoney="12.300"))
    assert (result.events, result.duplicates, result.lanes) == (0, 3, set())
    assert [e.duplicates for e in desk.all(tables.event)] == [3]
    assert desk.states() == {1: "pending"}


def test_duplicates_within_one_batch_are_counted_too(desk: Desk) -> None:
    result = desk.accept(record(), record(2), record(), record())
    assert (result.events, result.duplicates) == (2, 2)
    assert [e.duplicates for e in desk.all(tables.event)] == [2, 0]


def test_other_content_under_the_same_order_is_kept_beside_the_first(desk: Desk) -> None:
    desk.accept(record())
    other = record(totalMoney="99.00")
    result = desk.accept(other)
    assert (result.conflicts, result.duplicates, result.lanes) == (1, 0, set())
    (conflict,) = desk.all(tables.conflict)
    assert (conflict.body, conflict.subject, conflict.repeats) == (other.body, "A-1", 0)
    assert conflict.decision is None
    (event,) = desk.all(tables.event)
    assert event.body == record().body
    assert len(desk.states()) == 1


def test_a_conflict_said_again_is_counted_and_a_third_content_is_another_one(desk: Desk) -> None:
    desk.accept(record(), record(totalMoney=1), record(totalMoney=1))
    desk.accept(record(totalMoney="1.00"), record(totalMoney=2))
    assert [c.repeats for c in desk.all(tables.conflict)] == [2, 0]


def test_one_reading_of_a_connector_told_twice_is_a_duplicate_never_a_conflict(desk: Desk) -> None:
    desk.accept(status())
    result = desk.accept(status(voltage=230))
    assert (result.duplicates, result.conflicts) == (1, 0)


def test_a_warning_and_its_all_clear_are_two_events(desk: Desk) -> None:
    assert desk.accept(warning(), warning(cleared=True)).events == 2


def test_one_identity_may_be_of_two_kinds(desk: Desk) -> None:
    assert desk.accept(record(orderNo="X"), warning(warningId="X")).events == 2


def test_a_report_is_worth_telling_as_long_as_its_kind_says(desk: Desk) -> None:
    desk.accept(status(), record(), warning())
    assert [r.worth_until for r in desk.all(tables.report)] == [
        NOON + timedelta(minutes=15),
        None,
        NOON + timedelta(days=1),
    ]


def test_a_large_batch_is_accepted_whole(desk: Desk) -> None:
    result = desk.accept(*(record(n) for n in range(3000)), *(status(f"C-{n}") for n in range(500)))
    assert (result.events, result.duplicates) == (3500, 0)
    assert len(desk.states()) == 3500


def test_as_many_events_as_a_batch_can_hold_are_accepted_and_known_again(
    postgres_url: str,
) -> None:
    """More than PostgreSQL takes parameters: arrays of short statuses."""
    desk = Desk(open_journal(postgres_url))
    many = [status(f"C-{n}") for n in range(66_000)]
    assert desk.accept(*many, queue=STATUS).events == 66_000
    assert desk.accept(*many, queue=STATUS).duplicates == 66_000
    desk.engine.dispose()


@pytest.mark.parametrize("text", ["\U0001f600", "站点", "'; DROP TABLE event;--", "%s :x ?"])
def test_any_text_an_event_can_hold_can_be_kept(desk: Desk, text: str) -> None:
    desk.accept(record(orderNo=text, note=text), status(connector=text), warning(note="\x00"))
    assert len(desk.all(tables.event)) == 3
    (claim,) = desk.claim(RECORD)
    assert claim.event.identity == text


def test_trying_whether_an_event_can_be_kept_keeps_nothing(desk: Desk) -> None:
    assert intake.fault(desk.engine, record()) is None
    assert desk.all(tables.event) == []
    desk.accept(record())
    assert intake.fault(desk.engine, record()) is None
