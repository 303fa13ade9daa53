"""The accountant itself: it must see what it is there to see."""

from collections import Counter

import pytest

from tests.chaos import accounting
from tests.chaos.accounting import Kept, Seen
from tests.chaos.load import RECORD, STATUS, Book

GARAGES = ("mall-garage", "held-garage")
VENDORS = ("city-platform", *GARAGES)
ORDERS = {"ORDER-1", "ORDER-2"}
EARLY, LATE = "2026-11-20 10:00:00", "2026-11-20 10:00:01"


@pytest.fixture
def book() -> Book:
    """Two orders, one of them twice, and two statuses of a connector."""
    published = Counter({RECORD: 3, STATUS: 2})
    return Book(published=published, orders=set(ORDERS), newest={"C-1": LATE})


@pytest.fixture
def kept() -> Kept:
    """All of it, told."""
    reports = Counter({(vendor, RECORD, "accepted"): 2 for vendor in VENDORS})
    reports["city-platform", STATUS, "accepted"] = 1
    reports["city-platform", STATUS, "superseded"] = 1
    none: Counter[str] = Counter()
    return Kept(
        events=Counter({RECORD: 2, STATUS: 2}),
        duplicates=Counter({RECORD: 1}),
        conflicts=none,
        rejects=none,
        reports=reports,
        queued=none,
        accepted_orders={vendor: set(ORDERS) for vendor in VENDORS},
        orders=set(ORDERS),
    )


@pytest.fixture
def seen() -> dict[str, Seen]:
    """Each order once, and the newest status."""
    told = {vendor: Seen(Counter(ORDERS)) for vendor in VENDORS}
    told["city-platform"].readings = [("C-1", LATE)]
    return told


def test_what_adds_up_has_no_fault(book: Book, kept: Kept, seen: dict[str, Seen]) -> None:
    account = accounting.settle(book, kept, seen, {})
    assert (account.faults, account.lost, account.undoubted) == ([], 0, 0)


def test_an_order_that_never_reached_the_journal_is_lost(
    book: Book, kept: Kept, seen: dict[str, Seen]
) -> None:
    book.orders.add("ORDER-3")
    book.published[RECORD] += 1
    account = accounting.settle(book, kept, seen, {})
    assert account.lost == 1
    assert len(account.faults) == len(VENDORS)


def test_an_accepted_report_that_the_vendor_never_saw_is_lost(
    book: Book, kept: Kept, seen: dict[str, Seen]
) -> None:
    del seen["mall-garage"].pushes["ORDER-2"]
    assert accounting.settle(book, kept, seen, {}).lost == 1


def test_a_report_that_is_still_open_is_lost(book: Book, kept: Kept, seen: dict[str, Seen]) -> None:
    kept.reports["mall-garage", RECORD, "accepted"] -= 1
    kept.reports["mall-garage", RECORD, "pending"] += 1
    account = accounting.settle(book, kept, seen, {})
    assert account.lost == 1
    assert account.faults


def test_a_second_push_is_counted_and_is_a_fault_unless_it_was_in_doubt(
    book: Book, kept: Kept, seen: dict[str, Seen]
) -> None:
    seen["mall-garage"].pushes["ORDER-1"] += 1
    account = accounting.settle(book, kept, seen, {"mall-garage": {"ORDER-2"}})
    assert (account.doubles["mall-garage"], account.undoubted) == (1, 1)
    assert accounting.settle(book, kept, seen, {"mall-garage": {"ORDER-1"}}).undoubted == 0


def test_an_older_status_after_a_newer_one_is_a_fault(
    book: Book, kept: Kept, seen: dict[str, Seen]
) -> None:
    seen["city-platform"].readings += [("C-1", EARLY)]
    assert accounting.settle(book, kept, seen, {}).faults == [
        f"C-1 was told of {EARLY} after {LATE}"
    ]


def test_a_connector_whose_newest_status_was_not_told_is_lost(
    book: Book, kept: Kept, seen: dict[str, Seen]
) -> None:
    seen["city-platform"].readings = [("C-1", EARLY)]
    assert accounting.settle(book, kept, seen, {}).lost == 1
