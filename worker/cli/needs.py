"""What a command needs, opened when it is needed and closed when the command ends."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from redis import Redis
from sqlalchemy import Engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from config import settings as configuration
from config.settings import Settings
from worker import roster
from worker.deployment import Deployment, NotReady
from worker.embedded.run import SANDBOX_FILE
from worker.roster import Roster, RosterError
from worker.tokens import Tokens


def settings() -> Settings:
    """The settings; where no vendors file is named, the one of a sandbox that `up` has played.

    Raises:
        SettingsError: names every variable at fault.
    """
    loaded = configuration.load()
    played = loaded.data_dir / SANDBOX_FILE
    if loaded.vendors_file is None and played.exists():
        return loaded.model_copy(update={"vendors_file": played})
    return loaded


@contextmanager
def journal(settings: Settings) -> Iterator[Engine]:
    """The journal, migrated.

    Raises:
        NotReady, JournalError: it cannot be used as it is.
    """
    refuse_missing_file(settings)
    deployment = Deployment(settings)
    engine = deployment.engine
    try:
        fault = deployment.journal_fault()
        if fault:
            raise NotReady(fault)
        yield engine
    finally:
        engine.dispose()


def refuse_missing_file(settings: Settings) -> None:
    """Looking at a journal must not make one.

    Raises:
        NotReady: SQLite, and its file is not there.
    """
    path = sqlite_file(settings)
    if path is not None and not path.exists():
        raise NotReady(
            f"there is no journal at {path}: run `chargerelay migrate` to make it, "
            "or set RELAY_JOURNAL_URL or RELAY_DATA_DIR"
        )


def sqlite_file(settings: Settings) -> Path | None:
    """The journal's file; None if it is no SQLite file."""
    try:
        address = make_url(settings.journal)
    except ArgumentError:
        return None
    if address.get_backend_name() != "sqlite" or address.database in (None, "", ":memory:"):
        return None
    return Path(str(address.database))


@contextmanager
def broker(settings: Settings) -> Iterator[Redis]:
    """The broker, answering.

    Raises:
        NotReady, BrokerError: it is not.
    """
    deployment = Deployment(settings)
    fault = deployment.broker_fault()
    if fault:
        raise NotReady(fault)
    with deployment.redis as redis:
        yield redis


def checked_vendors(settings: Settings) -> Roster:
    """The vendors of the file, with everything that a worker would need of them.

    Raises:
        RosterError: names every fault.
    """
    return roster.load(settings, Tokens(Redis()))


def vendors(settings: Settings) -> Roster:
    """The vendors of the file, to look at: secrets that this terminal does not have are not missed.

    Raises:
        RosterError: names every fault.
    """
    try:
        return checked_vendors(settings)
    except RosterError:
        with suppress(RosterError):
            return roster.load(settings, Tokens(Redis()), _AnySecret())
        raise


class _AnySecret(Mapping[str, str]):
    """The environment, with something in every name that is missing."""

    def __getitem__(self, name: str) -> str:
        return os.environ.get(name) or "not known here"

    def __iter__(self) -> Iterator[str]:
        return iter(os.environ)

    def __len__(self) -> int:
        return len(os.environ)
