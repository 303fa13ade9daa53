"""What a journal of the past cannot know: whether its reports have been told since."""

from datetime import datetime

from sqlalchemy import Engine, update

from worker.journal import tables
from worker.journal.engine import writing
from worker.journal.states import State

HOLDER = "the past"


def doubt(engine: Engine, now: datetime) -> int:
    """Have what waits treated as if its sender had fallen silent: by its vendor's rule on unclear.

    Not the statuses of which only the newest is told: the older one is worth nothing soon.

    Returns:
        How many reports.
    """
    report = tables.report.c
    statement = (
        update(tables.report)
        .where(report.state == State.PENDING.value, report.latest_wins == 0)
        .values(state=State.SENDING.value, lease_owner=HOLDER, lease_until=now)
    )
    with writing(engine) as connection:
        return connection.execute(statement).rowcount
