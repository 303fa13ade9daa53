"""Writers of one process and SQLite, which has one at a time and waits by sleeping."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing

from sqlalchemy import event

from tests.worker.given import NOON
from worker.journal import gates
from worker.journal.engine import bring_home, open_journal, writing

BEGIN = "BEGIN IMMEDIATE"


def test_a_writer_of_this_process_waits_before_it_asks_sqlite(sqlite_url: str) -> None:
    engine = open_journal(sqlite_url)
    with engine.connect(), engine.connect():
        pass  # two connections stand in the pool: opening one waits for the writer, too
    begun: list[str] = []

    @event.listens_for(engine, "before_cursor_execute")
    def count(_c: object, _k: object, statement: str, *_: object) -> None:
        begun.append(statement)

    def write() -> None:
        with writing(engine):
            pass

    with ThreadPoolExecutor(1) as pool:
        with writing(engine):
            second = pool.submit(write)
            wait([second], timeout=0.2)
            assert begun == [BEGIN]
        second.result(timeout=30)
    assert begun == [BEGIN, BEGIN]
    engine.dispose()


def test_what_was_written_is_brought_into_the_file_while_others_look(sqlite_url: str) -> None:
    """`immutable` reads the file alone, without the log that stands beside it."""
    engine = open_journal(sqlite_url)
    file = f"file:{sqlite_url.removeprefix('sqlite:///')}?immutable=1"

    def at_home() -> list[tuple[str]]:
        with closing(sqlite3.connect(file, uri=True)) as alone:
            return alone.execute("SELECT vendor FROM vendor_state").fetchall()

    gates.pause(engine, "city", why=None, now=NOON)
    assert at_home() == []
    with engine.connect():
        bring_home(engine)
    assert at_home() == [("city",)]
    engine.dispose()
