"""A journal, the server in front of it, and who calls it, at a time that tests set."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from tests.worker.callbacks.platform_caller import Platform
from tests.worker.callbacks.served import called_by_platform
from tests.worker.desk import Desk
from worker.journal.engine import open_journal


@pytest.fixture
def desk(engine: Engine) -> Desk:
    return Desk(engine)


@pytest.fixture
def embedded_desk(sqlite_url: str) -> Iterator[Desk]:
    """On SQLite, for what never comes as far as the database."""
    engine = open_journal(sqlite_url)
    yield Desk(engine)
    engine.dispose()


@pytest.fixture
def platform(desk: Desk) -> Iterator[Platform]:
    """Calls a server on the journal of the desk, by the clock of the desk."""
    with called_by_platform(desk) as platform:
        yield platform
