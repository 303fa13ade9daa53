"""Writers of one process and SQLite, which has one at a time and waits by sleeping."""

from concurrent.futures import ThreadPoolExecutor, wait

from sqlalchemy import event

from worker.journal.engine import open_journal, writing

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
