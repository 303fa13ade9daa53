"""What callbacks ask of the journal is found by an index, however long the history is."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, update

from tests.worker.desk import CITY, RECORD, STATUS, Desk
from tests.worker.failing import about, fail_all, handle, later
from tests.worker.given import NOON, record, status
from worker.journal import arrivals, samples
from worker.journal import callback_tables as told
from worker.journal.arrivals import Arrival
from worker.journal.engine import reading, writing
from worker.journal.failures import State
from worker.outcomes import Accepted

MANY = 2000
HISTORY = "event|report|attempt_report|failed_report|callback_event"
WHOLE = re.compile(rf"(Seq Scan on|SCAN) ({HISTORY})( |$)(?!USING INDEX ix_failed_report_waiting)")
ESTIMATED = re.compile(rf"Scan .*on ({HISTORY}) .*rows=(?P<rows>\d+)")
# By an index, but only by a word that thousands of rows share.
BY_WORD = re.compile(rf"SEARCH ({HISTORY}) USING .* \((kind|vendor|state)=\?\)")
FEW = 200
Statement = tuple[str, Any]


@pytest.fixture
def desk(engine: Engine) -> Desk:
    """A journal with some history: 300 connectors, and 2000 events of two kinds each."""
    desk = Desk(engine)
    minute = timedelta(minutes=1)
    statuses = [
        status(f"C-{n % 300}", updateTime=(NOON - minute * (n // 300)).isoformat())
        for n in range(MANY)
    ]
    records = [
        record(
            n, endTime=(NOON - minute * (n % 1000)).isoformat(), startTime="2024-01-01T00:00:00Z"
        )
        for n in range(MANY)
    ]
    desk.accept(*statuses)
    desk.accept(*records)
    for kind in (STATUS, RECORD):
        desk.settle(desk.claim(kind, limit=MANY), Accepted())
    return desk


@contextmanager
def overheard(engine: Engine) -> Iterator[list[Statement]]:
    """Every statement that is executed meanwhile, but those that only begin and end."""
    heard: list[Statement] = []

    def hear(_c: object, _k: object, said: str, parameters: object, *_: object) -> None:
        if said.startswith(("SELECT", "UPDATE", "DELETE")):
            heard.append((said, parameters))

    event.listen(engine, "before_cursor_execute", hear)
    try:
        yield heard
    finally:
        event.remove(engine, "before_cursor_execute", hear)


def plan(connection: Connection, statement: Statement) -> list[str]:
    said, parameters = statement
    given = parameters[0] if isinstance(parameters, list) else parameters
    how = "EXPLAIN QUERY PLAN " if connection.dialect.name == "sqlite" else "EXPLAIN "
    return [str(row[-1]) for row in connection.exec_driver_sql(how + said, given)]


def long_reads(engine: Engine, statements: list[Statement]) -> list[str]:
    """Those lines of the plans that read a table of the history from end to end, or much of it."""
    lines: list[str] = []
    with engine.connect() as connection:
        for statement in statements:
            lines += plan(connection, statement)
    assert lines
    return [line for line in lines if WHOLE.search(line) or _reads_much(line)]


def _reads_much(line: str) -> bool:
    estimated = ESTIMATED.search(line)
    return BY_WORD.search(line) is not None or (
        estimated is not None and int(estimated["rows"]) > FEW
    )


def analyzed(desk: Desk) -> Engine:
    """As it is in its daily work: nobody analyzes SQLite, and PostgreSQL does it by itself."""
    if desk.engine.dialect.name == "postgresql":
        with desk.engine.connect() as connection:
            connection.exec_driver_sql("ANALYZE")
            connection.commit()
    return desk.engine


def test_a_long_read_would_be_seen(desk: Desk) -> None:
    engine = analyzed(desk)
    for condition in ("tries > 5", "vendor = 'city'", "kind = 'charge-record'"):
        assert long_reads(engine, [(f"SELECT * FROM report WHERE {condition}", ())]) != []
    assert long_reads(engine, [("SELECT * FROM event WHERE kind = 'charge-record'", ())]) != []


def test_the_search_for_a_sample_scans_nothing(desk: Desk) -> None:
    engine = analyzed(desk)
    wanted = [about(a.event) for a in (status("C-7", updateTime=NOON.isoformat()), record(7))]
    with overheard(engine) as heard, reading(engine) as connection:
        for one in wanted:
            samples.find(connection, CITY, one)
        samples.place(connection, "C-7")
    assert len(heard) == 3
    assert long_reads(engine, heard) == []


def test_the_handling_of_failed_reports_scans_nothing(desk: Desk) -> None:
    """A few wait among thousands that have been handled."""
    fail_all(desk)
    columns = told.failed_report.c
    with writing(desk.engine) as connection:
        connection.execute(
            update(told.failed_report)
            .where(columns.id % (MANY // 5) != 0)
            .values(state=State.LOOKED_UP)
        )
    engine = analyzed(desk)
    with overheard(engine) as heard:
        assert handle(desk) == 10
    assert len(heard) > 50
    assert long_reads(engine, heard) == []


def test_the_look_for_arrivals_scans_nothing(desk: Desk) -> None:
    """A few are due among thousands that are published again later."""
    events = [Arrival(RECORD, f"A-{n}", "{}") for n in range(MANY)]
    with writing(desk.engine) as connection:
        arrivals.bring(connection, CITY, events[:10], desk.now)
        arrivals.bring(connection, CITY, events[10:], later(desk.now, 60))
    engine = analyzed(desk)
    with overheard(engine) as heard:
        assert arrivals.due(engine, desk.now) == []
    assert len(desk.all(told.callback_event)) == MANY - 10
    assert long_reads(engine, heard) == []
