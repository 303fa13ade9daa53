"""How the journal is opened, read and written, on SQLite and on PostgreSQL."""

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import sqlalchemy
from sqlalchemy import Connection, Engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

POSTGRES_TIMEOUTS = (
    "-c statement_timeout=30000 -c idle_in_transaction_session_timeout=30000 -c lock_timeout=15000"
)
READING = "relay_reading"
# SQLite has one writer at a time, and waits for it by sleeping for longer and longer. The writers
# of one process wait for each other here, and go on at once.
TURNS: WeakKeyDictionary[Engine, threading.Lock] = WeakKeyDictionary()
DEADLOCK = "40P01"


class JournalError(Exception):
    """The journal cannot be opened; the message says what to do."""


def open_journal(url: str, *, threads: int = 40) -> Engine:
    """An engine for this process; made after a fork, never before.

    Args:
        url: as SQLAlchemy writes it.
        threads: how many threads may use it at one time.

    Raises:
        JournalError: not an address, or of a database that we do not speak.
    """
    try:
        address = make_url(url)
    except ArgumentError:
        raise JournalError(
            "RELAY_JOURNAL_URL is not an address: expected sqlite:///FILE "
            "or postgresql+psycopg://USER:PASSWORD@HOST/NAME"
        ) from None
    if address.get_backend_name() == "sqlite":
        return _open_sqlite(str(address), address.database, threads)
    if address.get_backend_name() == "postgresql":
        address = address.set(drivername="postgresql+psycopg")
        return sqlalchemy.create_engine(
            address,
            pool_size=threads,
            max_overflow=0,
            pool_timeout=10,
            pool_pre_ping=True,
            pool_recycle=1800,
            connect_args={"connect_timeout": 5, "options": POSTGRES_TIMEOUTS},
            hide_parameters=True,  # what is told of a fault holds no event
        )
    raise JournalError(
        f"RELAY_JOURNAL_URL names {address.get_backend_name()}; the journal speaks sqlite "
        "and postgresql"
    )


def _open_sqlite(url: str, database: str | None, threads: int) -> Engine:
    if not database or database == ":memory:":
        raise JournalError("RELAY_JOURNAL_URL names SQLite in memory; the journal needs a file")
    try:
        Path(database).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise JournalError(f"the journal's directory cannot be made: {error}") from None
    engine = sqlalchemy.create_engine(
        url,
        pool_size=threads,
        max_overflow=0,
        pool_timeout=10,
        connect_args={"timeout": 15},
        hide_parameters=True,
    )
    TURNS[engine] = threading.Lock()
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401 DBAPI has no type
    # The driver would begin late and deferred by itself (python/cpython#54133); we begin at once.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A deferred transaction that reads and then writes fails at once when another has written in
    # between, whatever the busy timeout is; an immediate one waits for its turn.
    reading = connection.get_execution_options().get(READING, False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction that writes: committed at the end, rolled back on any error."""
    with TURNS.get(engine, nullcontext()), engine.begin() as connection:
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A consistent look at the journal that blocks no writer."""
    with engine.connect().execution_options(**{READING: True}) as connection:
        yield connection


def bring_home(engine: Engine) -> None:
    """Move what SQLite's log holds into its file, waiting for nobody; else a writer has to.

    Whoever deletes touches many pages for each row, and the next of delivery would pay for them.
    """
    if engine.dialect.name == "sqlite":
        with closing(engine.raw_connection()) as connection:
            connection.cursor().execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


def insert(connection: Connection, table: sqlalchemy.Table) -> Any:  # noqa: ANN401 two classes
    """The dialect's own insert, which knows ON CONFLICT."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)


def passing(error: Exception) -> bool:
    """Whether the same transaction may succeed when it is tried again at once: a lost race.

    Two workers may meet on a unique index or a lock; the second look sees what the first wrote.
    """
    if isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) == DEADLOCK:
        return True
    return isinstance(error, sqlalchemy.exc.IntegrityError)


def unstorable(error: Exception) -> bool:
    """Whether a value itself is at fault: the database will never hold it."""
    return (
        isinstance(error, sqlalchemy.exc.DataError) or type(error) is sqlalchemy.exc.StatementError
    )


def away(error: Exception) -> str:
    """One line about a database that did not answer, without its statement."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return (str(cause).strip() or type(cause).__name__).splitlines()[0]
