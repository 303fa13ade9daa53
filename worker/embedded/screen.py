"""What `up` shows while it runs, and what it prints at the end."""

from datetime import datetime, timedelta

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from sqlalchemy import Engine, func, select

from worker.embedded import progress
from worker.embedded.progress import Tally
from worker.embedded.run import Relay
from worker.events import Kind
from worker.journal import tables
from worker.journal.engine import reading
from worker.journal.lanes import lanes
from worker.policies import policies
from worker.wording import age

RATE_OVER_S = 10
STATE_STYLES = {
    "accepted": "green",
    "superseded": "dim",
    "expired": "dim",
    "refused": "red",
    "held": "red",
    "given_up": "red",
    "unclear": "yellow",
}


def rates(engine: Engine, now: datetime) -> dict[tuple[str, str], float]:
    """Reports accepted a second, by vendor and kind, over the last ten seconds."""
    attempt = tables.attempt.c
    with reading(engine) as connection:
        rows = connection.execute(
            select(attempt.vendor, attempt.kind, func.sum(attempt.reports))
            .where(
                attempt.started_at > now - timedelta(seconds=RATE_OVER_S),
                attempt.outcome == "accepted",
            )
            .group_by(attempt.vendor, attempt.kind)
        ).all()
    return {(vendor, kind): total / RATE_OVER_S for vendor, kind, total in rows}


def summary(tally: Tally) -> Group:
    """What went where."""
    table = Table("vendor", "kind", "state", title="What went where", title_justify="left")
    table.add_column("reports", justify="right")
    for (vendor, kind, state), count in tally.reports.items():
        table.add_row(vendor, kind, Text(state, STATE_STYLES.get(state, "")), str(count))
    kept = (
        f"{tally.events} events in the journal, {tally.untold} that no vendor takes; "
        f"{tally.duplicates} duplicates, {tally.conflicts} conflicts, {tally.rejects} rejects"
    )
    return Group(table, Text(kept))


def picture(relay: Relay, now: datetime) -> Group:
    """The lanes as they stand: what waits, how fast it goes, how old it is, what holds it up."""
    engine = relay.deployment.engine
    told = rates(engine, now)
    table = Table("vendor", "kind", title_justify="left", title=f"{now:%H:%M:%S} UTC")
    for heading in ("waiting", "sending", "unclear", "refused", "told/s", "oldest", "next try"):
        table.add_column(heading, justify="right")
    table.add_column("held up by", overflow="fold")
    for lane in lanes(engine, relay.deployment.roster.lanes(), policies(relay.settings), now):
        table.add_row(
            lane.vendor,
            lane.kind,
            str(lane.pending),
            str(lane.sending),
            str(lane.unclear),
            Text(str(lane.refused + lane.held), "red" if lane.refused + lane.held else ""),
            f"{told.get((lane.vendor, lane.kind), 0.0):.1f}",
            age(lane.oldest_age_s),
            "" if lane.next_try_at is None else _ahead(lane.next_try_at, now),
            Text(lane.gate or "", "yellow"),
        )
    return Group(queue_line(progress.queued(relay.deployment.redis)), table)


def _ahead(moment: datetime, now: datetime) -> str:
    seconds = (moment - now).total_seconds()
    return "now" if seconds <= 0 else f"in {age(seconds)}"


def queue_line(queued: dict[Kind, int]) -> RenderableType:
    """The queues' depths in one line."""
    return Text("queued  " + " · ".join(f"{kind} {depth}" for kind, depth in queued.items()))
