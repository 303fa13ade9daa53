"""Failed reports beside a busy intake and another worker: nothing old after something newer."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine

from tests.worker.desk import STATUS, Desk
from tests.worker.failing import fail_all, failed, fates, handle
from tests.worker.given import status
from worker.journal import tables
from worker.journal.failures import State
from worker.outcomes import Accepted

CONNECTORS = [f"C-{n}" for n in range(20)]


@pytest.fixture
def desk(engine: Engine) -> Desk:
    return Desk(engine)


def tell(desk: Desk) -> None:
    desk.settle(desk.claim(STATUS, limit=1000), Accepted("taken"))


def at_once(*works: Callable[[], object]) -> list[object]:
    start = threading.Barrier(len(works))

    def begin(work: Callable[[], object]) -> object:
        start.wait()
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return [done.result() for done in [pool.submit(begin, work) for work in works]]


def waiting(desk: Desk) -> list[int]:
    """The events whose reports wait."""
    return [row.event_id for row in desk.all(tables.report) if row.state == "pending"]


def test_beside_a_busy_intake_nothing_old_waits_beside_or_after_something_newer(desk: Desk) -> None:
    for number in (4, 8, 12, 16, 20, 20):
        desk.empty()
        desk.accept(*(status(c, 1) for c in CONNECTORS))
        tell(desk)
        fail_all(desk)
        newer = [status(c, 2) for c in reversed(CONNECTORS[:number])]
        at_once(lambda newer=newer: desk.accept(*newer), lambda: handle(desk))
        newest = {row.event_id for row in desk.all(tables.connector)}
        assert set(waiting(desk)) <= newest
        while handle(desk):
            continue
        assert sorted(waiting(desk)) == sorted(newest)
        assert set(fates(desk)) <= {State.REPLAYED, State.OVERTAKEN}
        tell(desk)
        assert waiting(desk) == []


def test_two_workers_handle_each_failed_report_once(desk: Desk) -> None:
    desk.accept(*(status(f"C-{n}") for n in range(60)))
    tell(desk)
    fail_all(desk)
    assert sum(map(int, at_once(*[lambda: handle(desk)] * 4))) == len(failed(desk)) == 60
    assert set(fates(desk)) == {State.REPLAYED}
    assert len(desk.claim(STATUS)) == 60
