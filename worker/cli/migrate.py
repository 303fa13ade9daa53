"""`chargerelay migrate`: the journal's tables, brought to the version of this program."""

from alembic.util import CommandError
from sqlalchemy.engine import make_url

from worker.cli import needs
from worker.cli.faults import NotDone
from worker.cli.output import say
from worker.journal import engine as journal
from worker.journal import migrate as migrations


def migrate() -> None:
    """Make the journal's tables, or bring them up to date; nothing happens if they are.

    Example: chargerelay migrate
    """
    settings = needs.settings()
    engine = journal.open_journal(settings.journal)
    where = make_url(settings.journal).render_as_string(hide_password=True)
    try:
        before = migrations.revision(engine)
        migrations.upgrade(engine)
        after = migrations.revision(engine)
    except CommandError:
        raise NotDone(
            f"the journal at {where} {migrations.missing(engine)}: update this program"
        ) from None
    finally:
        engine.dispose()
    if before == after:
        say(f"the journal at {where} is up to date ({after})")
    else:
        say(f"the journal at {where} went from {before or 'nothing'} to {after}")
