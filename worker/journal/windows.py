"""Walking the reports that filters pick by windows of ids: no step reads the whole history."""

from collections.abc import Iterator, Sequence

from sqlalchemy import ColumnElement, Engine, func, select

from worker.journal import tables
from worker.journal.engine import reading
from worker.journal.listings import Filters

WIDTH = 20_000


def windows(engine: Engine, filters: Filters) -> Iterator[tuple[int, int]]:
    """Windows of ids over the journal as it is now; each is after its first up to its second.

    Filters that an index of their own serves are walked in one window.
    """
    columns = tables.report.c
    # One query each: asked for both at one time, SQLite reads the whole table.
    with reading(engine) as connection:
        first = connection.execute(select(func.min(columns.id))).scalar()
        last = connection.execute(select(func.max(columns.id))).scalar()
    if first is None or last is None:
        return
    width = last if filters.subject is not None or filters.report_ids else WIDTH
    for after in range(first - 1, last, width):
        yield after, min(after + width, last)


def batches(
    engine: Engine, window: tuple[int, int], chosen: ColumnElement[bool], size: int
) -> Iterator[Sequence[int]]:
    """The ids of a window's chosen reports, `size` at a time, each found in a look of its own."""
    columns = tables.report.c
    after, last = window
    while True:
        query = select(columns.id).where(chosen, columns.id > after, columns.id <= last)
        with reading(engine) as connection:
            ids = connection.execute(query.order_by(columns.id).limit(size)).scalars().all()
        if ids:
            yield ids
        if len(ids) < size:
            return
        after = ids[-1]
