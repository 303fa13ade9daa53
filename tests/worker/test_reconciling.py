import json
import logging
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from redis.exceptions import LockError
from sqlalchemy import Engine, update

from tasks.reconcile import reconcile
from tests.worker.desk import CITY, RECORD, Desk, attempt
from tests.worker.given import record
from tests.worker.keeper import DAY, MINUTE, NEXT_DAY, Keeper, Office, begins, shanghai
from worker.app import app
from worker.copies import Copy, NotRead
from worker.exchange import NoAnswer
from worker.journal import gates, tables
from worker.journal.engine import writing
from worker.journal.reconciliation import Standing
from worker.journal.reconciliation_tables import difference, reconciliation
from worker.outcomes import Accepted, Refused, TryLater, Unclear
from worker.reconciling import AT_IT, STOPPED, NotNow, last_day, reconciled
from worker.roster import Roster
from worker.vendor import CannotSign


@pytest.fixture
def office(engine: Engine, tmp_path: Path) -> Office:
    """Two records of the day were accepted yesterday."""
    office = Office(Desk(engine), tmp_path)
    office.deliver(1, 2)
    office.forward_to(NEXT_DAY)
    return office


def test_what_both_sides_have_makes_no_difference(office: Office) -> None:
    assert office.reconcile().state is Standing.COMPLETE
    (row,) = office.rows()
    assert (row.vendor, row.kind, row.day, row.state) == (CITY, RECORD, "2024-05-01", "complete")
    assert (row.ours, row.ours_kwh, row.ours_yuan) == (2, "3.00", "24.60")
    assert (row.theirs, row.theirs_kwh, row.theirs_yuan) == (2, "3.00", "24.60")
    assert (row.missing, row.differing, row.unknown) == (0, 0, 0)
    assert row.started_at == row.ended_at == NEXT_DAY


def test_each_difference_is_named_with_both_sides(office: Office) -> None:
    office.deliver(3)
    office.forward_to(NEXT_DAY + 2 * MINUTE)
    office.lose(1)
    office.change(2, yuan=Decimal("12.31"))
    office.keeper.copies.append(Copy("stray", shanghai(1, 20), Decimal(9), None))
    office.reconcile()
    assert office.found() == [("missing", "A-1"), ("differing", "A-2"), ("unknown", "stray")]
    (row,) = office.rows()
    assert (row.ours, row.theirs) == (3, 3)
    assert (row.missing, row.differing, row.unknown) == (1, 1, 1)


def test_an_amount_in_another_spelling_is_the_same(office: Office) -> None:
    office.change(1, kwh=Decimal("1.5"), yuan=Decimal("12.300"))
    office.change(2, kwh=None, yuan=None)
    office.reconcile()
    assert office.found() == []


def test_a_day_is_one_of_shanghai_by_the_events_own_time(office: Office) -> None:
    first, last = begins(DAY), begins(DAY + timedelta(days=1)) - timedelta(seconds=1)
    office.deliver(3, endTime=first.isoformat(), startTime=first.isoformat())
    office.deliver(4, endTime=last.isoformat())
    office.deliver(
        5, endTime=(first - timedelta(seconds=1)).isoformat(), startTime=first.isoformat()
    )
    office.deliver(6, endTime=(last + timedelta(seconds=1)).isoformat())
    office.keeper.copies = []
    office.forward_to(NEXT_DAY + 2 * MINUTE)
    office.reconcile()
    assert sorted(office.found()) == [("missing", f"A-{number}") for number in (1, 2, 3, 4)]


@pytest.mark.parametrize("outcome", [None, Refused("no"), Unclear("?"), TryLater("busy")])
def test_what_was_never_accepted_is_not_missing(office: Office, outcome: Refused | None) -> None:
    office.desk.accept(record(3))
    if outcome is not None:
        office.desk.settle(office.desk.claim(RECORD), outcome)
    office.reconcile()
    assert office.found() == []
    assert office.rows()[0].ours == 2


def test_what_was_not_accepted_and_is_there_all_the_same_is_unknown(office: Office) -> None:
    office.desk.accept(record(3))
    office.desk.settle(office.desk.claim(RECORD), Refused("no"))
    office.keeper.copies.append(office.keeper.copy_of(record(3).event))
    office.reconcile()
    assert office.found() == [("unknown", "A-3")]


def test_what_was_accepted_a_moment_ago_need_not_be_there_yet(office: Office) -> None:
    office.deliver(3)
    office.lose(3)
    office.reconcile()
    assert office.found() == []
    office.desk.forward(61)
    office.reconcile()
    assert office.found() == [("missing", "A-3")]


def test_what_is_accepted_while_pages_are_read_is_neither_missing_nor_unknown(
    office: Office,
) -> None:
    office.desk.accept(record(3))

    def deliver() -> None:
        office.keeper.meanwhile = lambda: None
        office.desk.settle(office.desk.claim(RECORD), Accepted())
        office.keeper.copies.append(office.keeper.copy_of(record(3).event))
        office.deliver(4)
        office.deliver(5)
        office.lose(5)

    office.keeper.meanwhile = deliver
    office.keeper.copies.append(Copy("before", shanghai(1, 0) - MINUTE, None, None))
    office.reconcile()
    assert office.found() == []
    assert (office.rows()[0].ours, office.rows()[0].theirs) == (4, 4)


def test_a_copy_that_stands_on_another_day_is_there(office: Office) -> None:
    office.change(1, occurred_at=shanghai(3, 1))
    office.change(2, occurred_at=None)
    office.reconcile()
    assert office.found() == []


def test_other_vendors_and_kinds_are_not_compared(office: Office) -> None:
    office.desk.route = lambda _: ["garage"]
    office.desk.accept(record(3))
    office.desk.settle(office.desk.claim(RECORD, "garage"), Accepted())
    office.reconcile()
    assert office.rows()[0].ours == 2


def test_the_vendor_is_told_how_much_was_told_since(office: Office) -> None:
    many = [attempt(1, 2, outcome=Accepted()) for _ in range(3)]
    office.desk.accept(record(3))
    office.desk.settle(office.desk.claim(RECORD), Accepted(), *many)
    office.reconcile()
    (span,) = office.keeper.spans
    assert (span.since, span.until) == (begins(DAY), begins(DAY + timedelta(days=1)))
    assert span.told == 6


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (NotRead("the page has an unknown shape"), "the page has an unknown shape"),
        (NoAnswer("no answer within the time limit", sent=True), "no answer within the time limit"),
        (CannotSign(TryLater("no token")), "no token"),
        (LockError("lost"), "another worker took over"),
        (KeyError("data"), "our fault, see the log: KeyError: 'data'"),
    ],
)
def test_what_cannot_be_read_whole_is_incomplete_and_names_nothing(
    office: Office, fault: Exception, reason: str
) -> None:
    office.lose(1)
    office.keeper.fault = fault
    ended = office.reconcile()
    assert (ended.state, ended.reason) == (Standing.INCOMPLETE, reason)
    (row,) = office.rows()
    assert (row.state, row.reason, row.missing, row.ours) == ("incomplete", reason, None, None)
    assert office.found() == []


def test_the_scratch_file_is_gone_in_the_end(office: Office) -> None:
    seen: list[str] = []
    office.keeper.meanwhile = lambda: seen.extend(path.name for path in office.folder.iterdir())
    office.reconcile()
    office.keeper.fault = NotRead("no")
    office.reconcile()
    assert len([name for name in seen if name.startswith("relay-ledger-")]) == 2
    assert [p.name for p in office.folder.iterdir() if p.name.startswith("relay-")] == []


def test_one_worker_of_all_is_at_a_vendor(office: Office) -> None:
    said: list[str] = []

    def another() -> None:
        office.keeper.meanwhile = lambda: None
        with pytest.raises(NotNow) as error:
            office.reconcile()
        said.append(str(error.value))

    office.keeper.meanwhile = another
    office.reconcile()
    assert said == ["city is being reconciled by another worker"]
    assert len(office.rows()) == 1
    office.reconcile()


def test_every_page_keeps_the_lock_for_another_while(office: Office) -> None:
    left: list[int] = []

    def almost_lost() -> None:
        left.append(office.redis.pttl(AT_IT.format(vendor=CITY)))
        office.redis.pexpire(AT_IT.format(vendor=CITY), 5000)

    office.keeper.copies *= 3
    office.keeper.meanwhile = almost_lost
    office.reconcile()
    assert len(left) == 3
    assert all(ms > 80_000 for ms in left)


def test_a_worker_that_lost_the_lock_names_nothing(office: Office) -> None:
    office.lose(1)
    office.keeper.copies *= 4
    office.keeper.meanwhile = lambda: office.redis.delete(AT_IT.format(vendor=CITY))
    ended = office.reconcile()
    assert ended.reason == "another worker took over"
    assert len(office.sent) == 1
    assert office.found() == []


def test_a_worker_that_stops_asks_no_more(office: Office) -> None:
    office.keeper.copies *= 3
    office.keeper.meanwhile = office.stopping.set
    assert office.reconcile().reason == STOPPED
    assert len(office.sent) == 1


def test_a_paused_vendor_is_not_asked(office: Office) -> None:
    gates.pause(office.desk.engine, CITY, why="their maintenance", now=office.desk.now)
    with pytest.raises(NotNow, match="city is not asked what it has: paused: their maintenance"):
        office.reconcile()
    office.by_the_clock()
    assert office.sent == []
    assert office.rows() == []


def test_one_that_was_cut_short_is_incomplete_once_the_next_begins(office: Office) -> None:
    office.reconcile()
    with writing(office.desk.engine) as connection:
        connection.execute(update(reconciliation).values(state="running"))
    office.reconcile()
    assert [row.state for row in office.rows()] == ["incomplete", "complete"]
    assert office.rows()[0].reason == "it was cut short"


def test_the_clock_reconciles_a_day_once_when_it_has_been_over_for_a_while(office: Office) -> None:
    office.forward_to(NEXT_DAY - MINUTE)
    office.by_the_clock()
    assert [row.day for row in office.rows()] == ["2024-04-30"]
    office.forward_to(NEXT_DAY)
    for _ in range(3):
        office.by_the_clock()
        office.desk.forward(600)
    assert [row.day for row in office.rows()] == ["2024-04-30", "2024-05-01"]


def test_what_was_incomplete_is_tried_again_three_times_that_day(office: Office) -> None:
    office.keeper.fault = NotRead("they are busy")
    tried_at = []
    for minute in range(0, 22 * 60, 10):
        office.forward_to(NEXT_DAY + minute * MINUTE)
        before = len(office.rows())
        office.by_the_clock()
        tried_at += [minute] * (len(office.rows()) - before)
    assert tried_at == [0, 60, 180, 360]


def test_a_worker_that_was_stopped_has_used_up_no_try(office: Office) -> None:
    office.keeper.copies *= 3
    office.keeper.meanwhile = office.stopping.set
    office.by_the_clock()
    office.keeper.meanwhile = lambda: None
    office.stopping.clear()
    office.by_the_clock()
    assert [row.state for row in office.rows()] == ["incomplete", "complete"]


def test_a_vendor_that_reads_nothing_back_is_not_asked(office: Office) -> None:
    class Silent(Keeper):
        reads_back = frozenset()

    office.keeper = Silent()
    assert reconciled(office.keeper) == []
    office.by_the_clock()
    assert office.rows() == []


def test_a_vendor_that_another_worker_is_at_is_passed_over(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    other = Keeper("other")
    office.redis.set(AT_IT.format(vendor=CITY), "someone")
    office.reconciler().reconcile_due(Roster({CITY: office.keeper, "other": other}))
    assert [row.vendor for row in office.rows()] == ["other"]
    assert [line for line in caplog.records if line.levelno >= logging.WARNING] == []


def test_what_the_journal_cannot_read_any_more_is_passed_over(office: Office) -> None:
    with writing(office.desk.engine) as connection:
        connection.execute(update(tables.event).where(tables.event.c.id == 1).values(body="{}"))
    office.lose(1)
    assert office.reconcile().state is Standing.COMPLETE
    assert office.found() == []


@pytest.mark.parametrize(
    ("hour", "after_s", "day"),
    [
        (0, 0, 1),
        (0, 3600, date(2024, 4, 30)),
        (1, 3600, 1),
        (23, 3600, 1),
        (0, 90_000, date(2024, 4, 29)),
    ],
)
def test_the_last_day_is_the_one_that_has_been_over_so_long(
    hour: int, after_s: float, day: int | date
) -> None:
    expected = date(2024, 5, day) if isinstance(day, int) else day
    assert last_day(Keeper(), shanghai(2, hour), after_s) == expected


def test_the_clock_reconciles_on_its_own_queue() -> None:
    entry = app.conf.beat_schedule["reconcile"]
    assert entry["task"] == reconcile.name
    assert app.amqp.router.route({}, entry["task"])["queue"].name == "relay.clock"
    assert entry["options"]["expires"] < entry["schedule"].total_seconds()


def test_a_difference_keeps_both_sides_as_json(office: Office) -> None:
    office.change(2, yuan=Decimal("12.31"))
    office.reconcile()
    (row,) = office.desk.all(difference)
    assert json.loads(row.ours) == {"key": "key-A-2", "kwh": "1.50", "yuan": "12.30"}
    assert json.loads(row.theirs) == {"key": "key-A-2", "kwh": "1.50", "yuan": "12.31"}
