"""The fast part of the matrix; `make chaos` runs all of it, with more load."""

from collections.abc import Iterator
from concurrent.futures import Future

import pytest

from tests.chaos import matrix
from tests.chaos.load import SMALL
from tests.chaos.matrix import Place
from tests.chaos.runner import Row

SEED = 20261121
JOBS = 4
BOTH = {
    "after the sending commit",
    "after the bytes left",
    "after the answer",
    "after take",
    "after accept, before release",
    "after settle",
}
ONE = {
    "SIGSTOP beyond the lease, SIGCONT": "postgresql",
    "SIGKILL with a batch in hand": "sqlite",
    "flushed: wake-ups, tokens, locks gone": "postgresql",
    "full, noeviction": "sqlite",
    "connection lost in accept's commit": "postgresql",
    "connection lost in settle's commit": "postgresql",
    "resetting after the body": "sqlite",
    "token expired for everyone": "postgresql",
    "a poison item in every position": "sqlite",
    "a jump of ten minutes ahead": "sqlite",
}
FAST: list[Place] = [
    (cell, database)
    for cell, database in matrix.places(matrix.MATRIX)
    if cell.name in BOTH or ONE.get(cell.name) == database
]


@pytest.fixture(scope="module")
def rows(request: pytest.FixtureRequest) -> Iterator[dict[Place, Future[Row]]]:
    """The rows of all that is selected, four at a time: most of a cell's time is waiting."""
    chosen = [
        item.callspec.params["place"]
        for item in request.session.items
        if isinstance(item, pytest.Function) and "place" in getattr(item, "fixturenames", ())
    ]
    chosen.sort(key=lambda place: not place[0].doubts)  # what waits for a lease begins first
    with matrix.running(chosen, SMALL, SEED, JOBS, one_postgres=True) as futures:
        yield dict(zip(chosen, futures, strict=True))


@pytest.mark.parametrize("place", FAST, ids=lambda place: f"{place[0].name}-{place[1]}")
def test_nothing_is_lost_and_nothing_is_told_twice(
    rows: dict[Place, Future[Row]], place: Place
) -> None:
    row = rows[place].result()
    assert row.not_run is None
    assert row.faults == []
    assert row.lost == 0
    assert row.events > 0
