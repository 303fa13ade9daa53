"""What cells stand on: the servers of one place, used by one cell at a time and cleaned between."""

from __future__ import annotations

import shutil
import tempfile
import threading
import uuid
from pathlib import Path

import sqlalchemy

from tests.chaos.servers import Broker, Postgres, Sandbox
from worker.journal import migrate
from worker.journal.engine import open_journal

TEMPLATE = "relay_template"
MIGRATING = threading.Lock()  # Alembic works in one thread at a time


class Ground:
    """A sandbox and a PostgreSQL that outlive a cell; brokers and SQLite files do not."""

    def __init__(self, beside: Ground | None = None) -> None:
        """Stand on the same PostgreSQL as another one, if there is one."""
        # Not under pytest's own folder, which is closed to the user that runs PostgreSQL.
        self.folder = Path(tempfile.mkdtemp(prefix="relay-chaos-"))
        self.folder.chmod(0o755)
        self.sandbox = Sandbox(self.folder)
        self._beside = beside
        self._postgres: Postgres | None = None
        self._lock = threading.Lock()
        self._sqlite: Path | None = None

    def broker(self, folder: Path, fsync: str) -> Broker:
        """A started one."""
        made = Broker(folder / "broker", fsync=fsync)
        made.start()
        return made

    def sqlite(self, folder: Path) -> str:
        """The address of a migrated, empty file in the folder."""
        with MIGRATING:
            if self._sqlite is None:
                path = self.folder / "template.sqlite3"
                _migrate(f"sqlite:///{path}")
                self._sqlite = path
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "journal.sqlite3"
        shutil.copy(self._sqlite, path)
        return f"sqlite:///{path}"

    def postgres(self) -> Postgres:
        """The server, with a migrated database to copy; who kills it starts it again."""
        if self._beside is not None:
            return self._beside.postgres()
        with self._lock:
            if self._postgres is None:
                self._postgres = self.another_postgres(self.folder / "postgres")
            return self._postgres

    def another_postgres(self, folder: Path) -> Postgres:
        """One for a single cell, on a file system of its own perhaps."""
        folder.mkdir(parents=True, exist_ok=True)
        server = Postgres(folder)
        server.start()
        command(server, f"CREATE DATABASE {TEMPLATE}")
        with MIGRATING:
            _migrate(server.url(TEMPLATE))
        return server

    def close(self) -> None:
        self.sandbox.close()
        if self._postgres is not None:
            self._postgres.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def database(server: Postgres) -> str:
    """The name of a new migrated, empty database."""
    name = f"relay_{uuid.uuid4().hex}"
    command(server, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    return name


def command(server: Postgres, text: str) -> None:
    """A command outside of any transaction."""
    engine = sqlalchemy.create_engine(
        server.url("postgres"), isolation_level="AUTOCOMMIT", poolclass=sqlalchemy.NullPool
    )
    with engine.connect() as connection:
        connection.exec_driver_sql(text)
    engine.dispose()


def _migrate(url: str) -> None:
    engine = open_journal(url)
    try:
        migrate.upgrade(engine)
    finally:
        engine.dispose()
