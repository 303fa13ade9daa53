"""The pages of records, as a server lists them in one order or another."""

import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from tests.worker.vendors.city import city, record, success
from tests.worker.vendors.scripted import Clock
from worker.copies import NotRead, Span
from worker.events import Kind
from worker.exchange import Answer
from worker.fields import SHANGHAI
from worker.outcomes import Absent, Accepted, Unclear

DAY = datetime(2024, 5, 1, tzinfo=SHANGHAI)
ONE_DAY = timedelta(days=1)
Row = dict[str, object]
Mangle = Callable[["Listing"], object]


def row(number: int, ended: datetime | str, **more: object) -> Row:
    text = ended if isinstance(ended, str) else f"{ended.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"
    amounts = {"totalPower": 1.5, "totalElecMoney": 2.25, "totalServiceMoney": 0.75}
    return {
        "startChargeSeq": f"S-{number}",
        "cellId": "C-1",
        "endDatetime": text,
        **amounts,
        **more,
    }


@dataclass
class Listing:
    """A server's list in its own order; what happens while it is read, happens before a page."""

    rows: list[Row]
    size: int = 100
    shows_total: bool = True
    happens: dict[int, Callable[["Listing"], object]] = field(default_factory=dict)
    asked: list[int] = field(default_factory=list)

    def send(self, request: requests.Request) -> Answer:
        number = request.params["pageIndex"]
        if happening := self.happens.get(len(self.asked)):
            happening(self)
        self.asked.append(number)
        page = self.rows[(number - 1) * self.size : number * self.size]
        shown: dict[str, Any] = {"list": page}
        return success(shown | ({"total": len(self.rows)} if self.shows_total else {}))


def newest_first(days: int, a_day: int, *, until: datetime = DAY + 2 * ONE_DAY) -> list[Row]:
    """Records evenly over the days before `until`."""
    count, step = days * a_day, ONE_DAY / a_day
    return [row(count - n, until - (n + 1) * step) for n in range(count)]


def of_day(rows: Sequence[Row]) -> set[str]:
    day = f"{DAY:%Y-%m-%d}"
    return {
        f"{r['startChargeSeq']}/{r['cellId']}" for r in rows if str(r["endDatetime"])[:10] == day
    }


def read_back(listing: Listing, told: int = 0) -> set[str]:
    """The keys that were shown of the day."""
    span = Span(DAY, DAY + ONE_DAY, told)
    pages = city().read_back(Kind.CHARGE_RECORD, span, listing.send)
    return {
        copy.key
        for page in pages
        for copy in page
        if copy.occurred_at is not None and DAY <= copy.occurred_at < DAY + ONE_DAY
    }


def jittered(rows: list[Row]) -> list[Row]:
    """As they are told by sixteen threads at one time."""
    dice = random.Random(7)
    place = {n: n + dice.uniform(0, 40) for n in range(len(rows))}
    return [rows[n] for n in sorted(place, key=place.__getitem__)]


@pytest.mark.parametrize("shows_total", [True, False])
@pytest.mark.parametrize("mixed", [list, jittered])
@pytest.mark.parametrize("size", [100, 20])
def test_of_a_long_list_from_new_to_old_only_the_beginning_is_read(
    mixed: Callable[[list[Row]], list[Row]], size: int, shows_total: bool
) -> None:
    rows = newest_first(60, 500)
    listing = Listing(mixed(rows), size=size, shows_total=shows_total)
    assert read_back(listing) == of_day(rows)
    assert len(listing.asked) < len(rows) / size / 5


@pytest.mark.parametrize("mixed", [list, jittered])
def test_of_a_long_list_from_old_to_new_only_the_end_is_read(
    mixed: Callable[[list[Row]], list[Row]],
) -> None:
    rows = newest_first(60, 500)
    listing = Listing(mixed(rows)[::-1])
    assert read_back(listing) == of_day(rows)
    assert listing.asked[:4] == [1, 300, 299, 298]
    assert len(listing.asked) < 50


def test_from_old_to_new_without_a_total_all_is_read() -> None:
    rows = newest_first(20, 200)
    listing = Listing(rows[::-1], shows_total=False)
    assert read_back(listing) == of_day(rows)
    assert listing.asked == list(range(1, 42))


def test_from_old_to_new_without_a_total_the_last_hours_are_not_overlooked() -> None:
    rows = newest_first(3, 300, until=DAY + ONE_DAY / 8)
    assert read_back(Listing(rows[::-1], shows_total=False)) == of_day(rows)


@pytest.mark.parametrize("shows_total", [True, False])
def test_without_any_order_all_is_read(shows_total: bool) -> None:
    rows = newest_first(40, 100)
    random.Random(3).shuffle(rows)
    listing = Listing(rows, shows_total=shows_total)
    assert read_back(listing) == of_day(rows)
    assert set(listing.asked) >= set(range(1, 41))


def by_cell(rows: list[Row]) -> list[Row]:
    """Each cell's whole history, from new to old."""
    return [
        r | {"startChargeSeq": f"{r['startChargeSeq']}-{cell}", "cellId": f"C-{cell}"}
        for cell in range(10)
        for r in rows
    ]


def test_an_order_by_cell_is_not_taken_for_one_by_time() -> None:
    rows = by_cell(newest_first(60, 10))
    assert read_back(Listing(rows)) == of_day(rows)


def told_late(rows: list[Row]) -> list[Row]:
    """A while ago, before what is told today, five hundred of two days ago were told."""
    late = [row(10_000 + n, DAY - ONE_DAY / 2 - n * timedelta(seconds=9)) for n in range(500)]
    return [*rows[:50], *late, *rows[50:]]


def test_what_was_told_late_hides_nothing_that_was_told_before_it() -> None:
    rows = told_late(newest_first(60, 100))
    listing = Listing(rows)
    assert read_back(listing, told=50 + 500 + 200) == of_day(rows)
    assert len(listing.asked) < 40, "and not all is read for it"


def test_nor_where_nobody_knows_how_many_were_told() -> None:
    rows = told_late(newest_first(60, 300))
    assert read_back(Listing(rows), told=0) == of_day(rows)


def test_one_time_that_cannot_be_read_means_no_order() -> None:
    rows = newest_first(40, 100)
    rows[150] = row(9999, "2024/05/01 10:00")
    listing = Listing(rows)
    assert read_back(listing) == of_day(rows)
    assert set(listing.asked) >= set(range(1, 41))


@pytest.mark.parametrize("turned", [False, True])
def test_what_is_added_while_pages_are_read_hides_nothing(turned: bool) -> None:
    rows = newest_first(60, 500)
    listing = Listing(rows[::-1] if turned else list(rows))

    def add(here: Listing) -> None:
        new = row(10**6 + len(here.asked), DAY + 2 * ONE_DAY)
        here.rows.insert(len(here.rows) if turned else 0, new)

    listing.happens = dict.fromkeys(range(1, 200), add)
    assert read_back(listing) == of_day(rows)


def test_what_vanishes_while_pages_are_read_makes_them_be_read_again() -> None:
    rows = newest_first(60, 500)
    listing = Listing(list(rows))
    listing.happens = {6: lambda here: here.rows.pop(0)}
    assert read_back(listing) == of_day(rows)
    assert listing.asked.count(2) == 2


def test_pages_that_do_not_hold_still_are_not_read() -> None:
    listing = Listing(newest_first(60, 500))
    listing.happens = dict.fromkeys(range(2, 100), lambda here: here.rows.pop(0))
    with pytest.raises(NotRead, match="come and go"):
        read_back(listing)


def test_without_any_order_what_comes_while_pages_are_read_makes_them_be_read_again() -> None:
    rows = newest_first(40, 100)
    random.Random(3).shuffle(rows)
    listing = Listing(list(rows))
    listing.happens = {9: lambda here: here.rows.insert(3, row(9999, DAY))}
    assert read_back(listing) == of_day(listing.rows)
    assert listing.asked.count(20) >= 2


def test_a_record_without_its_cell_is_not_read() -> None:
    with pytest.raises(NotRead, match="cellId"):
        read_back(Listing([row(1, DAY, cellId=None)]))


def test_what_is_read_back_has_its_time_energy_and_money() -> None:
    listing = Listing([row(1, DAY), row(2, "?", totalServiceMoney=None, totalPower="x")])
    span = Span(DAY, DAY + ONE_DAY, 0)
    ((one, other),) = city().read_back(Kind.CHARGE_RECORD, span, listing.send)
    assert (one.key, one.occurred_at, str(one.kwh), str(one.yuan)) == (
        "S-1/C-1",
        DAY,
        "1.5",
        "3.00",
    )
    assert (other.key, other.occurred_at, other.kwh, other.yuan) == ("S-2/C-1", None, None, None)


def test_a_record_is_copied_as_it_was_told() -> None:
    told = record(power="12.345", totalMoney="15.555", serviceMoney="5.005")
    copy = city().copy_of(told)
    assert copy.key == "395815801202405010900004013/C-1"
    assert (str(copy.kwh), str(copy.yuan)) == ("12.35", "15.56")
    assert copy.occurred_at == datetime(2024, 5, 1, 3, tzinfo=UTC)


def sought(listing: Listing, **when: float) -> object:
    """Look up a record that ended so long before the newest one."""
    ended = DAY + 2 * ONE_DAY - timedelta(**when)
    times = {"endTime": ended.isoformat(), "startTime": (ended - ONE_DAY / 24).isoformat()}
    return city(Clock()).look_up([record(**times)], listing.send)[0]


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("a_day", [500, 100_000])
def test_a_vendor_with_a_hundred_thousand_records_can_say_absent(a_day: int, turned: bool) -> None:
    rows = newest_first(100_000 // a_day, a_day)
    listing = Listing(rows[::-1] if turned else rows)
    assert isinstance(sought(listing, minutes=2), Absent)
    assert len(listing.asked) < 50


def test_a_record_that_is_there_is_found_before_the_order_counts() -> None:
    rows = newest_first(200, 500)
    rows[30] |= {"startChargeSeq": "395815801202405010900004013"}
    found = city().look_up([record()], Listing(rows).send)[0]
    assert isinstance(found, Accepted)


def test_a_vendor_with_many_records_in_no_order_cannot_say_absent() -> None:
    rows = newest_first(200, 50)
    random.Random(3).shuffle(rows)
    listing = Listing(rows)
    assert isinstance(sought(listing, minutes=2), Unclear)
    assert len(listing.asked) == 50


def test_there_is_a_bound_for_pages_in_no_order() -> None:
    rows = newest_first(1, 10)

    def always_new() -> Iterator[Answer]:
        numbers = iter(range(10**9))
        while True:
            yield success([row(next(numbers), "?") for _ in rows])

    pages = always_new()
    with pytest.raises(NotRead, match="20000 pages were read, and there are more"):
        for _ in city().read_back(
            Kind.CHARGE_RECORD, Span(DAY, DAY + ONE_DAY, 0), lambda _: next(pages)
        ):
            pass


def test_half_a_page_means_a_smaller_page_than_asked_for() -> None:
    rows = newest_first(3, 30)
    listing = Listing(rows, size=17)
    assert read_back(listing) == of_day(rows)
    assert max(listing.asked) <= math.ceil(len(rows) / 17)
