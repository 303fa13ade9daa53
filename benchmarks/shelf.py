"""What outlives a measurement: a PostgreSQL, and journals that are made once and copied."""

import shutil
import tempfile
from pathlib import Path
from typing import Self
from uuid import uuid4

from benchmarks.filling import EMPTY, Filling, fill
from benchmarks.postgres import Postgres
from worker.journal import migrate
from worker.journal.engine import open_journal

SQLITE, POSTGRES = "SQLite", "PostgreSQL"


class Shelf:
    """Used as a context; everything on it goes at the end."""

    def __enter__(self) -> Self:
        """Begin with nothing on it."""
        # The user that runs PostgreSQL must be able to look in.
        self._folder = Path(tempfile.mkdtemp(prefix="relay-bench-"))
        self._folder.chmod(0o755)
        self._postgres: Postgres | None = None
        self._templates: dict[tuple[str, Filling], str] = {}
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the server and delete the files."""
        if self._postgres is not None:
            self._postgres.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def postgres(self) -> Postgres:
        """The server, started on first use."""
        if self._postgres is None:
            self._postgres = Postgres(self._folder / "postgres")
        return self._postgres

    def journal(self, database: str, filling: Filling = EMPTY) -> str:
        """The address of a migrated journal of one's own with that much in it."""
        template = self._templates.get((database, filling))
        if template is None:
            template = self._templates[(database, filling)] = self._make(database, filling)
        if database == POSTGRES:
            return self.postgres.url(self.postgres.create(template))
        path = self._folder / f"{uuid4().hex}.sqlite3"
        shutil.copy(template, path)
        return f"sqlite:///{path}"

    def drop(self, url: str) -> None:
        """Delete a journal."""
        if url.startswith("sqlite:///"):
            for end in ("", "-wal", "-shm"):
                Path(url.removeprefix("sqlite:///") + end).unlink(missing_ok=True)
        elif self._postgres is not None:
            self._postgres.drop(url.rpartition("/")[2].partition("?")[0])

    def _make(self, database: str, filling: Filling) -> str:
        if database == POSTGRES:
            name = self.postgres.create()
            url = self.postgres.url(name)
        else:
            name = str(self._folder / f"template-{len(self._templates)}.sqlite3")
            url = f"sqlite:///{name}"
        engine = open_journal(url)
        try:
            migrate.upgrade(engine)
        finally:
            engine.dispose()
        fill(url, filling)
        return name
