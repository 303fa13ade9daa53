from sqlalchemy import Engine

from tests.worker.rows import NOW, attempt, minutes, record, set_reports, status, take_in, warning
from worker.events import Kind
from worker.journal import listings
from worker.journal.accept import Unread
from worker.journal.listings import Filters
from worker.journal.states import State


def subjects(rows: object) -> list[str]:
    return [row["subject"] for row in rows]  # type: ignore[attr-defined]


def three_kinds(engine: Engine) -> None:
    take_in(engine, Kind.CHARGE_RECORD, [record("R1")], vendors=("city", "mall"))
    take_in(engine, Kind.CONNECTOR_STATUS, [status("C1", 1)], now=NOW + minutes(1))
    take_in(engine, Kind.SAFETY_WARNING, [warning("W1")], now=NOW + minutes(2))


def test_reports_come_newest_first(engine: Engine) -> None:
    three_kinds(engine)
    found = subjects(listings.reports(engine, Filters(), limit=50))
    assert found == ["W1", "395815801/C1", "R1", "R1"]


def test_a_limit_ends_the_listing_and_0_does_not(engine: Engine) -> None:
    take_in(engine, Kind.CHARGE_RECORD, [record(f"R{n}") for n in range(listings.PAGE + 7)])
    rows = list(listings.reports(engine, Filters(), limit=0))
    assert len(rows) == listings.PAGE + 7
    assert [row["id"] for row in rows] == sorted((row["id"] for row in rows), reverse=True)
    assert len(list(listings.reports(engine, Filters(), limit=listings.PAGE + 3))) == 1003
    assert len(list(listings.reports(engine, Filters(), limit=2))) == 2


def test_a_listing_goes_on_while_events_come_in_and_shows_no_row_twice(engine: Engine) -> None:
    take_in(engine, Kind.CHARGE_RECORD, [record(f"R{n}") for n in range(listings.PAGE + 5)])
    rows = listings.reports(engine, Filters(), limit=0)
    seen = [next(rows)["id"]]
    take_in(engine, Kind.CHARGE_RECORD, [record("LATE")])
    seen += [row["id"] for row in rows]
    assert len(seen) == len(set(seen)) == listings.PAGE + 5


def test_reports_are_filtered_by_vendor_kind_state_and_subject(engine: Engine) -> None:
    three_kinds(engine)
    set_reports(engine, {"vendor": "mall"}, state=State.REFUSED)

    def found(**filters: object) -> list[tuple[str, str]]:
        rows = listings.reports(engine, Filters(**filters), limit=0)  # type: ignore[arg-type]
        return [(row["vendor"], row["subject"]) for row in rows]

    assert found(vendor="mall") == [("mall", "R1")]
    assert found(kind=Kind.SAFETY_WARNING) == [("city", "W1")]
    assert found(states=(State.REFUSED, State.HELD)) == [("mall", "R1")]
    assert found(subject="R1", vendor="city") == [("city", "R1")]
    assert found(subject="R1", kind=Kind.SAFETY_WARNING) == []


def test_since_includes_its_moment_and_until_does_not(engine: Engine) -> None:
    three_kinds(engine)
    since = subjects(listings.reports(engine, Filters(since=NOW + minutes(1)), limit=0))
    until = subjects(listings.events(engine, Filters(until=NOW + minutes(1)), limit=0))
    assert since == ["W1", "395815801/C1"]
    assert until == ["R1"]


def test_events_are_found_by_subject_without_their_kind(engine: Engine) -> None:
    three_kinds(engine)
    assert subjects(listings.events(engine, Filters(subject="W1"), limit=50)) == ["W1"]
    assert subjects(listings.events(engine, Filters(kind=Kind.CHARGE_RECORD), limit=50)) == ["R1"]


def test_attempts_are_found_by_what_they_carried(engine: Engine) -> None:
    take_in(engine, Kind.CHARGE_RECORD, [record("R1"), record("R2"), record("R3")])
    ids = [row["id"] for row in listings.reports(engine, Filters(), limit=0)]
    both = attempt(engine, ids[:2])
    other = attempt(engine, ids[2:], outcome="accepted", vendor="mall")

    def found(filters: Filters, **more: object) -> list[int]:
        rows = listings.attempts(engine, filters, limit=0, **more)  # type: ignore[arg-type]
        return [row["id"] for row in rows]

    assert found(Filters()) == [other, both]
    assert found(Filters(), report_id=ids[1]) == [both]
    assert found(Filters(subject="R1")) == [other]
    assert found(Filters(), outcome="accepted") == [other]
    assert found(Filters(vendor="city", kind=Kind.CHARGE_RECORD)) == [both]


def test_rejects_are_found_by_the_kind_of_their_queue(engine: Engine) -> None:
    unread = [Unread("not JSON", b"{", 1)]
    take_in(engine, Kind.CHARGE_RECORD, [], unread=unread)
    take_in(engine, Kind.SAFETY_WARNING, [], unread=unread)
    rows = list(listings.rejects(engine, Filters(kind=Kind.SAFETY_WARNING), limit=50))
    assert [row["queue"] for row in rows] == ["safety-warning"]


def test_a_conflict_comes_with_the_content_it_conflicts_with(engine: Engine) -> None:
    take_in(engine, Kind.CHARGE_RECORD, [record("R1", totalMoney="1.00"), record("R2")])
    take_in(engine, Kind.CHARGE_RECORD, [record("R1", totalMoney="2.00")])
    (row,) = listings.conflicts(engine, Filters(subject="R1"), undecided=True, limit=50)
    assert '"totalMoney":"1.00"' in row["event_body"]
    assert '"totalMoney":"2.00"' in row["body"]
    assert not list(listings.conflicts(engine, Filters(subject="R2"), limit=50))
