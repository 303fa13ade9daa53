"""`chargerelay backup`, `restore` and `doubt`: going back to what was."""

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated

import typer
from redis import Redis

from config.settings import Settings
from worker.acts import audited
from worker.cli import needs
from worker.cli.faults import NotDone
from worker.cli.output import say
from worker.cli.who import By, asks
from worker.deployment import Deployment
from worker.embedded import backup as copies
from worker.embedded import broker
from worker.embedded.children import Children
from worker.embedded.lock import DirectoryInUse, only_one
from worker.journal import doubt as journal_of_the_past
from worker.journal import engine as journal
from worker.journal import migrate
from worker.journal.clock import time_of
from worker.wording import counted

File = Annotated[Path, typer.Argument(metavar="FILE", dir_okay=False)]


def backup(file: File) -> None:
    """Copy the journal and what waits on the queues into one file, at work or at rest.

    It is for the embedded default: a journal in SQLite. PostgreSQL has its own means.

    Example: chargerelay backup relay-2026-11-22.tar.gz
    """
    settings = needs.settings()
    source = _sqlite(settings)
    needs.refuse_missing_file(settings)
    if file.exists():
        raise NotDone(f"{file} is there already: give another name")
    with needs.journal(settings) as engine, _at_work_or_at_rest(settings) as redis:
        try:
            about = copies.write(file, redis, source, time_of(engine))
        except (OSError, sqlite3.Error) as error:
            why = error.strerror if isinstance(error, OSError) else error
            raise NotDone(f"{file} cannot be written: {why}") from error
    say(f"{file}: the journal as of {about.made_at}, {counted(about.items, 'waiting item')}")


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", dir_okay=False, exists=True)],
    nothing_told_since: Annotated[
        bool,
        typer.Option(
            "--nothing-told-since",
            help="No report was sent after the backup: what waits in it is simply sent.",
        ),
    ] = False,
    by: By = None,
) -> None:
    """Make a journal from a backup, where there is none, and queue again what waited.

    What waited may have been told after the backup was made; each vendor's `on_unclear` says what
    becomes of it: looked up, sent again, or held for a person.

    Example: chargerelay restore relay-2026-11-22.tar.gz
    """
    settings = needs.settings()
    target = _sqlite(settings)
    with only_one(settings.data_dir):
        if target.exists():
            raise NotDone(
                f"there is a journal at {target}: move it away, or set RELAY_DATA_DIR to another "
                "directory"
            )
        with tempfile.TemporaryDirectory(prefix=".restore-", dir=target.parent) as scratch:
            folder = Path(scratch)
            about = copies.unpack(file, folder)
            doubted = _prepare(folder / copies.JOURNAL, about, by, sure=nothing_told_since)
            with _to_fill(settings) as redis:
                queued = copies.put_back(folder, redis)
            (folder / copies.JOURNAL).replace(target)
    say(f"{target}: as of {about.made_at}; queued again: {counted(queued, 'item')}")
    if doubted:
        say(f"may have been told since: {counted(doubted, 'report')}; see on_unclear")


def doubt(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False, by: By = None
) -> None:
    """After the journal was put back by other means: what waits in it may have been told since.

    Each vendor's `on_unclear` says what becomes of it, as after `restore`. Stop the workers first.

    Example: chargerelay doubt --yes
    """
    if not yes:
        typer.confirm("Doubt all records and warnings that wait?", abort=True, err=True)
    with (
        needs.journal(needs.settings()) as engine,
        audited(engine, asks(by), "doubt", {}) as result,
    ):
        result["doubted"] = doubted = journal_of_the_past.doubt(engine, time_of(engine))
    say(f"may have been told since: {counted(doubted, 'report')}; see on_unclear")


def _prepare(path: Path, about: copies.About, by: str | None, *, sure: bool) -> int:
    """Bring the journal up to date, and write down in it that it comes from a backup."""
    engine = journal.open_journal(f"sqlite:///{path}")
    try:
        if (missing := migrate.missing(engine)) and "newer" in missing:
            raise NotDone(f"the journal in the backup {missing}: update this program")
        migrate.upgrade(engine)
        asked = {"made_at": about.made_at, "nothing_told_since": sure}
        with audited(engine, asks(by), "restore", asked) as result:
            doubted = 0 if sure else journal_of_the_past.doubt(engine, time_of(engine))
            result["doubted"] = doubted
        journal.bring_home(engine)
    finally:
        engine.dispose()
    return doubted


def _sqlite(settings: Settings) -> Path:
    path = needs.sqlite_file(settings)
    if path is None:
        raise NotDone("the journal is PostgreSQL: use pg_dump and pg_restore (docs/backup.md)")
    return path


@contextmanager
def _at_work_or_at_rest(settings: Settings) -> Iterator[Redis]:
    """The broker of a relay that runs; the embedded one is started where nothing does."""
    if settings.broker_url:
        with needs.broker(settings) as redis:
            yield redis
        return
    with ExitStack() as stack:
        try:
            stack.enter_context(only_one(settings.data_dir))
        except DirectoryInUse:
            yield stack.enter_context(needs.broker(settings))
        else:
            yield stack.enter_context(_started(settings))


@contextmanager
def _to_fill(settings: Settings) -> Iterator[Redis]:
    """The broker of a relay that is at rest."""
    with (needs.broker if settings.broker_url else _started)(settings) as redis:
        yield redis


@contextmanager
def _started(settings: Settings) -> Iterator[Redis]:
    """The embedded broker, for a while; another's on its port is not taken for it."""
    children = Children(settings.data_dir / "log")
    try:
        broker.start(children, settings.embedded_port, settings.data_dir)
        with Deployment(settings).redis as redis:
            yield redis
    finally:
        children.stop()
