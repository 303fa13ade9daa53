"""Long lists of values in pieces: a statement of SQLite or PostgreSQL takes some ten thousand."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")
SIZE = 1000


def chunks(items: Sequence[T], size: int = SIZE) -> Iterator[Sequence[T]]:
    """The items in their order, so many at a time."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
