"""`chargerelay replay`: reports sent once more because a person asks."""

import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from worker.cli import needs
from worker.cli.faults import NotDone
from worker.cli.listings import KIND, VENDOR
from worker.cli.options import AsJson, OfKind, Since, States, Subject, Until, Vendor
from worker.cli.output import Column, Row, counted, say, show, state_style
from worker.journal import replay as journal
from worker.journal.listings import Filters
from worker.journal.replay import Counts, Fate
from worker.journal.states import State
from worker.policies import policies

ASK_ABOVE = 100
WORDS = {
    Fate.REPLAYED: "replayed",
    Fate.OVERTAKEN: "not replayed: a newer status is known",
    Fate.LEFT: "not replayed: not from this state",
}
COLUMNS = (
    VENDOR,
    KIND,
    Column("state", lambda row: row["state"], 10, state_style),
    Column("reports", lambda row: row["reports"], 9, right=True),
    Column("", lambda row: WORDS[row["fate"]]),
)


def replay(
    vendor: Vendor = None,
    kind: OfKind = None,
    state: States = None,
    subject: Subject = None,
    since: Since = None,
    until: Until = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Without any filter: whatever can be replayed.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Also what was accepted: vendors are told twice.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what it would do.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask, however many it is.")] = False,
    as_json: AsJson = False,
) -> None:
    """Send reports once more: refused, held, given up, expired or unclear ones, with fresh tries.

    What is pending is due at once. A status that a newer one has overtaken is left alone.

    Example: chargerelay replay --vendor city-platform --state refused --since 2h --dry-run
    """
    filters = Filters(vendor, kind, tuple(state or ()), subject, since, until)
    _refuse_nonsense(filters, everything=everything, again=again)
    settings = needs.settings()
    with needs.journal(settings) as engine:
        counts = journal.plan(engine, filters, again=again)
        if not dry_run and (count := _replayed(counts)):
            if count > ASK_ABOVE and not yes and sys.stdin.isatty():
                typer.confirm(f"Replay {count} reports?", abort=True, err=True)
            left = _only(counts, Fate.LEFT)
            now = datetime.now(UTC)
            counts = left + journal.replay(engine, filters, policies(settings), now, again=again)
    show(_rows(counts), COLUMNS, as_json=as_json, nothing="no such reports")
    if not as_json:
        _sum_up(_replayed(counts), dry_run=dry_run)


def _refuse_nonsense(filters: Filters, *, everything: bool, again: bool) -> None:
    if filters.everything and not everything:
        raise NotDone("replay which reports? give a filter (see --help), or --all")
    if State.SUPERSEDED in filters.states:
        raise NotDone("a superseded report is never replayed: a newer status took its place")
    if State.SENDING in filters.states:
        raise NotDone("a report that is being sent cannot be replayed; wait for its outcome")
    if State.ACCEPTED in filters.states and not again:
        raise NotDone("accepted reports are replayed only with --again: vendors are told twice")


def _replayed(counts: Counts) -> int:
    return _only(counts, Fate.REPLAYED).total()


def _only(counts: Counts, fate: Fate) -> Counts:
    return Counts({group: count for group, count in counts.items() if group.fate is fate})


def _rows(counts: Counts) -> Iterator[Row]:
    for group in sorted(counts, key=lambda g: (g.fate, g.vendor, g.kind, g.state)):
        yield {**asdict(group), "reports": counts[group]}


def _sum_up(count: int, *, dry_run: bool) -> None:
    if dry_run:
        say(f"would be replayed: {counted(count, 'report')}; nothing was written")
    elif count:
        say(f"replayed: {counted(count, 'report')}; a running worker sends within seconds")
    else:
        say("nothing was replayed")
