from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tests.worker.keeper import shanghai
from worker import ledger
from worker.copies import Copy
from worker.journal.reconciliation import Total, What
from worker.ledger import Entry, Ledger

SINCE, UNTIL = shanghai(1, 0), shanghai(2, 0)
NOON = shanghai(1, 12)


def copy(key: str, kwh: str | None = "1.50", yuan: str | None = "2.00", hours: int = 0) -> Copy:
    amounts = [None if text is None else Decimal(text) for text in (kwh, yuan)]
    return Copy(key, NOON + timedelta(hours=hours), *amounts)


def entry(number: int, given: Copy, *, expected: bool = True) -> Entry:
    return Entry(number, f"A-{number}", given, expected)


def whats(book: Ledger) -> list[tuple[What, str]]:
    return [(one.what, one.subject) for one in book.differences()]


def test_what_is_not_ticked_off_is_missing(tmp_path: Path) -> None:
    with ledger.opened(tmp_path, SINCE, UNTIL) as book:
        book.enter([entry(1, copy("a")), entry(2, copy("b")), entry(3, copy("c"), expected=False)])
        book.tick_off([copy("b")])
        assert whats(book) == [(What.MISSING, "A-1")]


def test_what_comes_twice_counts_once(tmp_path: Path) -> None:
    with ledger.opened(tmp_path, SINCE, UNTIL) as book:
        book.enter([entry(1, copy("a")), entry(1, copy("a"))])
        book.tick_off([copy("a"), copy("b")])
        book.tick_off([copy("b"), copy("a")])
        assert (book.ours().count, book.theirs().count) == (1, 2)
        assert whats(book) == [(What.UNKNOWN, "b")]


def test_totals_are_exact_and_of_the_span(tmp_path: Path) -> None:
    with ledger.opened(tmp_path, SINCE, UNTIL) as book:
        book.enter(entry(n, copy(f"k{n}", "0.10", "0.01")) for n in range(1000))
        book.tick_off([copy(f"k{n}", "0.1", None) for n in range(999)])
        book.tick_off([copy("k999", hours=12), copy("stray", hours=-13)])
        assert book.ours() == Total(1000, Decimal("100.00"), Decimal("10.00"))
        assert book.theirs() == Total(999, Decimal("99.90"), Decimal(0))
        assert whats(book) == [(What.DIFFERING, "A-999")]


@pytest.mark.parametrize(
    ("theirs", "differs"),
    [
        (copy("a", "1.5", "2"), False),
        (copy("a", "1.500", "2.0000"), False),
        (copy("a", None, None), False),
        (copy("a", "1.501", "2"), True),
        (copy("a", None, "2.01"), True),
        (copy("a", "-1.5", "2"), True),
    ],
)
def test_amounts_are_compared_by_value(tmp_path: Path, theirs: Copy, differs: bool) -> None:
    with ledger.opened(tmp_path, SINCE, UNTIL) as book:
        book.enter([entry(1, copy("a"))])
        book.tick_off([theirs])
        assert whats(book) == ([(What.DIFFERING, "A-1")] if differs else [])


def test_two_of_ours_under_one_key_are_both_there(tmp_path: Path) -> None:
    with ledger.opened(tmp_path, SINCE, UNTIL) as book:
        book.enter([entry(1, copy("a")), entry(2, copy("a"))])
        book.tick_off([copy("a")])
        assert whats(book) == []


def test_what_is_entered_late_is_never_missing_and_explains_what_is_there(tmp_path: Path) -> None:
    with ledger.opened(tmp_path, SINCE, UNTIL) as book:
        book.enter([entry(1, copy("a"))])
        book.tick_off([copy("a"), copy("b")])
        assert book.last_entered() == 1
        late = [entry(2, copy("b"), expected=False), entry(3, copy("c"), expected=False)]
        book.enter_late(late)
        assert list(book.unexpected()) == [[2]]
        book.expect([2])
        assert whats(book) == []
        assert book.ours().count == 2


def test_its_file_is_gone_whatever_happens(tmp_path: Path) -> None:
    def fail() -> None:
        with ledger.opened(tmp_path, SINCE, UNTIL) as book:
            book.enter([entry(1, copy("a"))])
            assert list(tmp_path.iterdir())
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert not list(tmp_path.iterdir())


def test_without_its_folder_the_systems_own_place_serves(tmp_path: Path) -> None:
    with ledger.opened(tmp_path / "none", SINCE, UNTIL) as book:
        book.enter([entry(1, copy("a"))])
        assert book.ours().count == 1
    assert not list(tmp_path.iterdir())
