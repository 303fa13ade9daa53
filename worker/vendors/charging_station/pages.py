"""Reading the pages of records until all that is sought must have come.

What vanishes while pages are read moves others to a page that was read before; then all is read
once more. What is added does no harm: it comes at the newest end, or moves others on.
"""

from collections.abc import Callable, Iterator

from worker.copies import NotRead, Span
from worker.exchange import Answer
from worker.vendors.charging_station import records
from worker.vendors.charging_station.order import Order, newest_last
from worker.vendors.charging_station.records import Page

PAGE_SIZE = 100
# With so few pages it is not worth a look at the last one where the newest end is.
FEW = 3
SPREAD = 8
ROUNDS = 2

Ask = Callable[[int], Answer]


class Moved(Exception):
    """Records changed their pages while these were read."""


class Pages:
    """One reading of the pages."""

    def __init__(self, ask: Ask, span: Span, *, most: int, most_in_order: int) -> None:
        """Read what was told of a span.

        Args:
            ask: for a page, counted from 1.
            span: what is sought.
            most: pages asked for at most, in all.
            most_in_order: the same while they come in an order that brings the reading to its end.
        """
        self._ask = ask
        self._span = span
        self._most = most
        self._most_in_order = most_in_order
        self._asked = 0
        self._order = Order(span)
        self._total: int | None = None

    def read(self) -> Iterator[Page]:
        """Each page as it was read; some may come twice. At the end nothing sought is left out.

        Raises:
            NotRead: a page could not be understood, there are too many, or they do not hold still.
        """
        for _ in range(ROUNDS):
            try:
                yield from self._round()
            except Moved:
                continue
            return
        raise NotRead("records come and go while the pages are read")

    def _round(self) -> Iterator[Page]:
        self._total = None
        order = self._order = Order(self._span)
        first = self._page(1)
        yield first
        total, last_number = first.total, _pages(first)
        if last_number > FEW:
            last = self._page(last_number)
            yield last
            if newest_last(first.times, last.times):
                yield from self._backward(last_number, last)
            else:
                yield from self._forward(first, last_number)
        else:
            yield from self._forward(first, None)
        if not order.kept and self._total != total:
            raise Moved

    def _forward(self, page: Page, last_number: int | None) -> Iterator[Page]:
        """From the first page on, until the order or the list ends."""
        order, number, rows = self._order, 1, page.size
        order.follow(page.times)
        while not self._ends(page, rows):
            if order.past:
                yield from self._probe(self._further(number, last_number))
                if order.kept:
                    return
            number += 1
            before, page = page, self._page(number)
            if page.size and page.records == before.records:
                if rows == self._total:
                    return
                raise NotRead(f"page {number} repeats the one before")
            yield page
            rows += page.size
            order.follow(page.times)

    def _backward(self, number: int, page: Page) -> Iterator[Page]:
        """From the last page back, until the order or the list ends."""
        order = self._order
        order.follow(page.times[::-1])
        while number > 1:
            if order.past:
                yield from self._probe(number - far for far in _distances(number - 1))
                if order.kept:
                    return
            number -= 1
            page = self._page(number)
            if not page.size:
                raise Moved
            yield page
            order.follow(page.times[::-1])

    def _probe(self, numbers: Iterator[int]) -> Iterator[Page]:
        """Look at pages further on, ever further apart: the order must go on there."""
        for number in numbers:
            page = self._page(number)
            yield page
            if not self._order.goes_on(page.times):
                self._order.give_up()
                return
            if not page.size:
                return

    def _further(self, number: int, last_number: int | None) -> Iterator[int]:
        """Pages after this one; where nothing tells how many there are, until an empty one."""
        if last_number is not None:
            yield from (number + far for far in _distances(last_number - number))
            return
        far = 1
        while True:
            yield number + far
            far *= 2

    def _ends(self, page: Page, rows: int) -> bool:
        """Whether no page follows: this one is empty, or short and completes the total.

        A full one never is the last, whatever is counted; nor is a short one without a total.
        """
        return page.size == 0 or (page.size < PAGE_SIZE and rows == self._total)

    def _page(self, number: int) -> Page:
        if self._asked >= (self._most_in_order if self._order.kept else self._most):
            raise NotRead(f"{self._asked} pages were read, and there are more")
        self._asked += 1
        page = records.read(self._ask(number))
        if page.total is not None:
            before, self._total = self._total, page.total
            if before is not None and page.total < before:
                raise Moved
        return page


def _pages(first: Page) -> int:
    """How many there are by what the first one says; 1 if it does not."""
    return -(-(first.total or 0) // first.size) if first.size else 1


def _distances(furthest: int) -> list[int]:
    """Nearby ones close to each other, all of the way evenly, and the furthest."""
    doubled = {2**n for n in range(furthest.bit_length()) if 2**n <= furthest}
    spread = {furthest * n // SPREAD for n in range(1, SPREAD + 1)}
    return sorted(doubled | spread - {0})
