"""Bringing the journal's tables to the version that this code needs."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from worker.journal.engine import reading

FOLDER = Path(__file__).parent / "migrations"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    return config


def upgrade(engine: Engine) -> None:
    """Apply what is missing. Nothing happens to a journal that is up to date."""
    config = _config()
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()


def downgrade(engine: Engine, revision: str) -> None:
    """Go back to a revision, `base` for empty."""
    config = _config()
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)
        connection.commit()


def revision(engine: Engine) -> str | None:
    """Where the journal stands; None when it is empty."""
    with reading(engine) as connection:
        return MigrationContext.configure(connection).get_current_revision()


def missing(engine: Engine) -> str | None:
    """What stands between the journal and this code; None if nothing does."""
    known = ScriptDirectory.from_config(_config())
    here, head = revision(engine), known.get_current_head()
    if here == head:
        return None
    if here is None:
        return "has no tables yet"
    if _is_newer(here, known):
        return f"is at version {here}, which is newer than this program"
    return f"is at version {here}, but this program needs {head}"


def remedy(engine: Engine) -> str:
    """What to do about what is missing."""
    here = revision(engine)
    if here is not None and _is_newer(here, ScriptDirectory.from_config(_config())):
        return "update this program"
    return "run `chargerelay migrate`"


def _is_newer(here: str, known: ScriptDirectory) -> bool:
    return here not in {script.revision for script in known.walk_revisions()}
