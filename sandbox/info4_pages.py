"""A page out of a list, counted from 1, as the queries of document 002 ask for it."""

from collections.abc import Sequence
from typing import Generic, NamedTuple, TypeVar

Row = TypeVar("Row")

PAGE_SIZE = 10


class Page(NamedTuple, Generic[Row]):
    """The rows of one page and how many there are in all."""

    rows: Sequence[Row]
    number: int
    size: int
    total: int

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return -(-self.total // self.size)


def page(
    rows: Sequence[Row], number: object, size: object, default_size: int = PAGE_SIZE
) -> Page[Row]:
    """That page of the rows; a number or size that is left out is the first or the default."""
    number_, size_ = _counting(number, 1), _counting(size, default_size)
    begin = (number_ - 1) * size_
    return Page(rows[begin : begin + size_], number_, size_, len(rows))


def _counting(value: object, default: int) -> int:
    text = "" if value is None else str(value)
    counting = text.isascii() and text.isdigit() and len(text) < 10 and int(text) > 0
    return int(text) if counting else default
