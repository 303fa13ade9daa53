"""What a statement reads on PostgreSQL is not decided by the moment its statistics are of."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, text, update

from tests.worker.desk import CITY, POLICIES, STATUS, Desk
from tests.worker.given import status
from worker.journal import callback_tables as told
from worker.journal import refresh, replay, sweep, tables
from worker.journal.engine import open_journal, writing
from worker.journal.listings import Filters
from worker.journal.states import State
from worker.journal.unheard import begun
from worker.outcomes import Accepted, TryLater

MANY = 6000
SOME, FEW = 20, 5
# Of any step of a plan; one batch is a fraction of it, and what waits is more.
MOST_ROWS = MANY // 3


@pytest.fixture
def desk(postgres_url: str) -> Iterator[Desk]:
    """A journal of many connectors, of which all was told."""
    engine = open_journal(postgres_url)
    run(engine, *(f"ALTER TABLE {t} SET (autovacuum_enabled = off)" for t in ("report", "event")))
    desk = Desk(engine)
    desk.accept(*(status(f"C-{n}") for n in range(MANY)))
    desk.settle(desk.claim(STATUS, limit=MANY), Accepted())
    desk.forward(400)
    yield desk
    engine.dispose()


def run(engine: Engine, *statements: str) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def all_are(desk: Desk, state: State) -> None:
    settled_at = desk.now if state is State.ACCEPTED else None
    with writing(desk.engine) as connection:
        connection.execute(update(tables.report).values(state=state, settled_at=settled_at))


@contextmanager
def most_rows(engine: Engine) -> Iterator[dict[str, int]]:
    """The rows that the busiest step of each statement's plan handled, dropped ones included."""
    most: dict[str, int] = {}

    def explain(
        connection: Connection, _: object, statement: str, given: object, *more: object
    ) -> None:
        if not statement.startswith(("SELECT", "UPDATE")):
            return
        cursor = connection.connection.cursor()
        cursor.execute("SAVEPOINT before")
        first = given[0] if isinstance(given, list) else given
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", first)  # type: ignore[arg-type]
        ((explained,),) = cursor.fetchone()
        cursor.execute("ROLLBACK TO before")
        most[statement] = max(most.get(statement, 0), *rows(explained["Plan"]))

    event.listen(engine, "before_cursor_execute", explain)
    yield most
    event.remove(engine, "before_cursor_execute", explain)


def rows(step: dict[str, Any]) -> Iterator[int]:
    handled = step["Actual Rows"] + sum(n for k, n in step.items() if k.startswith("Rows Removed"))
    yield int(handled * step["Actual Loops"])
    for part in step.get("Plans", ()):
        yield from rows(part)


def beyond(most: dict[str, int]) -> dict[str, int]:
    assert most
    return {statement[:300]: n for statement, n in most.items() if n > MOST_ROWS}


def claim(desk: Desk) -> None:
    desk.claim(STATUS, limit=SOME)


def give_back(desk: Desk) -> None:
    desk.settle(desk.claim(STATUS, limit=SOME), TryLater("busy"))


def take_in_newer(desk: Desk) -> None:
    desk.accept(*(status(f"C-{n}", 60) for n in range(SOME)))


def end_leases(desk: Desk) -> None:
    desk.claim(STATUS, limit=SOME)
    desk.forward(1000)
    assert desk.end_leases() == SOME


def replay_held(desk: Desk) -> None:
    with writing(desk.engine) as connection:
        few = tables.report.c.id <= FEW
        connection.execute(update(tables.report).where(few).values(state=State.HELD))
    held = Filters(vendor=CITY, report_ids=tuple(range(1, FEW + 1)))
    done = replay.replay(desk.engine, held, POLICIES, desk.now, again=False, per_s=50)
    assert done.total() == FEW


@pytest.mark.parametrize("act", [claim, give_back, take_in_newer, end_leases, replay_held])
def test_with_statistics_of_nothing_waiting_no_step_reads_all_that_waits(
    desk: Desk, act: Callable[[Desk], None]
) -> None:
    run(desk.engine, "ANALYZE")
    all_are(desk, State.PENDING)
    with most_rows(desk.engine) as most:
        act(desk)
    assert beyond(most) == {}


@pytest.mark.parametrize("moment", [State.ACCEPTED, State.PENDING])
def test_telling_again_reads_no_more_the_more_has_been_put_back(desk: Desk, moment: State) -> None:
    all_are(desk, moment)
    run(desk.engine, "ANALYZE")
    all_are(desk, State.ACCEPTED)
    desk.forward(400)
    with most_rows(desk.engine) as most:
        count = refresh.refresh(desk.engine, {CITY: 300}, POLICIES[STATUS], desk.now)
    assert count == {CITY: MANY}
    assert beyond(most) == {}


def test_with_statistics_of_all_waiting_a_look_for_due_lanes_does_not_read_the_history(
    desk: Desk,
) -> None:
    all_are(desk, State.PENDING)
    run(desk.engine, "ANALYZE")
    all_are(desk, State.ACCEPTED)
    with desk.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM report")
    with most_rows(desk.engine) as most:
        assert sweep.due_lanes(desk.engine, [(CITY, STATUS)], desk.now) == []
    assert beyond(most) == {}


def test_a_batch_of_what_began_does_not_read_all_that_ended(desk: Desk) -> None:
    calls = [
        {
            "vendor": CITY,
            "name": name,
            "received_at": desk.now,
            "outcome": "taken",
            "http_status": 200,
            "reason": "",
            "subject": f"S-{n}",
            "body": "",
        }
        for n in range(MANY)
        for name in ("begins", "ends")
    ]
    with writing(desk.engine) as connection:
        connection.execute(told.callback.insert(), calls)
    run(desk.engine, "ANALYZE")
    span = (desk.now, desk.now + timedelta(seconds=1))
    with most_rows(desk.engine) as most:
        assert len(next(begun(desk.engine, CITY, "begins", "ends", span))) == 500
    assert beyond(most) == {}
