"""The journal is away: the caller hears 503 in its own shape, nothing stays half stored."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError

from tests.journey import outage
from tests.worker.callbacks.platform_caller import Platform, failure, refused, risk
from tests.worker.callbacks.served import called_by_platform
from tests.worker.callbacks.traces import left
from tests.worker.desk import Desk, away
from worker.journal import callback_tables as told

Outage = Callable[[], AbstractContextManager[None]]


@contextmanager
def locked(engine: Engine) -> Iterator[None]:
    """Another process holds the file's only pen, longer than anybody waits for it."""
    with closing(sqlite3.connect(str(engine.url.database))) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.rollback()


@contextmanager
def missing(engine: Engine) -> Iterator[None]:
    """The file cannot be opened; who had it open has ended."""
    path = Path(str(engine.url.database))
    aside = path.with_suffix(".aside")
    engine.dispose()
    path.rename(aside)
    path.mkdir()
    yield
    path.rmdir()
    aside.rename(path)


def wait_shortly(connection: sqlite3.Connection, _: object) -> None:
    connection.execute("PRAGMA busy_timeout = 50")


@pytest.fixture
def gone(request: pytest.FixtureRequest, engine: Engine, journal_url: str) -> Outage:
    """Takes the database away: an SQLite file is locked, a PostgreSQL lets nobody in."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", wait_shortly)
        return lambda: locked(engine)
    server = request.getfixturevalue("postgres_server")
    return lambda: outage.away(server, journal_url)


def test_a_callback_is_told_to_come_again_and_is_then_taken(
    desk: Desk, platform: Platform, gone: Outage
) -> None:
    headers = platform.headers()
    with gone():
        for _ in range(3):
            refused(platform.post("report-failure", failure("R-1")), 503)
        message = refused(platform.post("report-failure", failure("R-1"), headers), 503)
        refused(platform.post("cell-risk", risk()), 503)
        refused(platform.asks(), 503)
    assert "call again later" in message
    assert left(desk) == []
    platform.fails("R-1", headers=headers)
    platform.fails("R-1")
    platform.warns()
    refused(platform.asks(), 404)
    assert [(row.request_id, row.repeats) for row in desk.all(told.failed_report)] == [("R-1", 1)]
    assert len(desk.all(told.callback_event)) == 1


def test_a_file_that_cannot_be_opened_is_an_outage_like_any_other(embedded_desk: Desk) -> None:
    desk = embedded_desk
    with called_by_platform(desk) as platform:
        with missing(desk.engine):
            refused(platform.post("report-failure", failure("R-1")), 503)
        assert left(desk) == []
        platform.fails("R-1")


def test_what_is_not_the_platform_s_is_refused_as_ever(
    desk: Desk, platform: Platform, gone: Outage
) -> None:
    with gone():
        forged = platform.headers(secret="another")
        refused(platform.post("report-failure", failure("R-1"), forged), 401)
        refused(platform.call("PUT", "city/report-failure"), 405)
    assert left(desk) == []


@pytest.mark.parametrize("words", ["INTO callback ", "INTO failed_report", "COMMIT"])
def test_a_failure_is_kept_whole_or_not_at_all(desk: Desk, platform: Platform, words: str) -> None:
    headers = platform.headers()
    with losing(desk.engine, words):
        refused(platform.post("report-failure", failure("R-1"), headers), 503)
    assert left(desk) == []
    platform.fails("R-1", headers=headers)
    assert len(desk.all(told.failed_report)) == 1


@pytest.mark.parametrize("words", ["INTO callback ", "INTO callback_event", "COMMIT"])
def test_a_risk_is_kept_whole_or_not_at_all(desk: Desk, platform: Platform, words: str) -> None:
    with losing(desk.engine, words):
        refused(platform.post("cell-risk", risk()), 503)
    assert left(desk) == []
    platform.warns()
    assert len(desk.all(told.callback_event)) == 1


@contextmanager
def losing(engine: Engine, words: str) -> Iterator[None]:
    """The connection is lost at these words."""
    if words != "COMMIT":
        with away(engine, lambda statement: words in statement):
            yield
        return

    def lose(connection: object) -> None:
        raise OperationalError("COMMIT", {}, Exception("the server has gone away"))

    event.listen(engine, "commit", lose)
    yield
    event.remove(engine, "commit", lose)
