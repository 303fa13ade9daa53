"""All cells, and running several of them side by side, each on a place of its own."""

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from queue import SimpleQueue

from tests.chaos import (
    broker_cells,
    callback_cells,
    clock_cells,
    journal_cells,
    kill_points,
    poison_cells,
    process_cells,
    random_cells,
    rate_cells,
    runner,
    vendor_cells,
)
from tests.chaos.cell import Cell
from tests.chaos.ground import Ground
from tests.chaos.load import Size
from tests.chaos.runner import Row

MATRIX: list[Cell] = [
    *kill_points.CELLS,
    *process_cells.CELLS,
    *broker_cells.CELLS,
    *journal_cells.CELLS,
    *vendor_cells.CELLS,
    *rate_cells.CELLS,
    *callback_cells.CELLS,
    *poison_cells.CELLS,
    *clock_cells.CELLS,
    *random_cells.CELLS,
]
Place = tuple[Cell, str]
"""A cell on one database."""


def places(cells: Iterable[Cell]) -> list[Place]:
    """Every cell on each of its databases."""
    return [(cell, database) for cell in cells for database in cell.databases]


@contextmanager
def running(
    chosen: Iterable[Place], size: Size, seed: int, jobs: int, *, one_postgres: bool = False
) -> Iterator[list[Future[Row]]]:
    """The rows of these, as they come; with one PostgreSQL for all, no cell may kill it."""
    grounds: SimpleQueue[Ground] = SimpleQueue()
    made: list[Ground] = []

    def run(cell: Cell, database: str) -> Row:
        ground = grounds.get()
        try:
            return runner.run(cell, database, ground, size, seed)
        finally:
            grounds.put(ground)

    with ThreadPoolExecutor(jobs, "chaos") as pool:
        try:
            for _ in range(jobs):
                made.append(Ground(made[0] if made and one_postgres else None))
                grounds.put(made[-1])
            yield [pool.submit(run, cell, database) for cell, database in chosen]
        finally:
            pool.shutdown(cancel_futures=True)
            for ground in reversed(made):
                ground.close()
