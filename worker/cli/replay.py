"""`chargerelay replay`: reports sent once more because a person asks."""

from typing import Annotated

import typer

from worker import preview
from worker.acts import Acts, why_no_replay
from worker.cli import needs
from worker.cli import preview as asking
from worker.cli.faults import NotDone
from worker.cli.options import AsJson, OfKind, Since, States, Subject, Until, Vendor
from worker.cli.output import say, show
from worker.cli.who import By, asks
from worker.journal import replay as journal
from worker.journal.clock import time_of
from worker.journal.listings import Filters
from worker.journal.replay import Fate
from worker.wording import counted

SLOWEST_PER_S, FASTEST_PER_S = 0.01, 100_000


def pace(text: str) -> float:
    """Read a number of reports a second."""
    try:
        per_s = float(text)
    except ValueError:
        per_s = 0
    if not SLOWEST_PER_S <= per_s <= FASTEST_PER_S:
        raise typer.BadParameter(f"expected a number from {SLOWEST_PER_S} to {FASTEST_PER_S}")
    return per_s


def replay(
    vendor: Vendor = None,
    kind: OfKind = None,
    state: States = None,
    subject: Subject = None,
    since: Since = None,
    until: Until = None,
    report: Annotated[
        list[int] | None,
        typer.Option(metavar="ID", help="This one, as listed; may be given several times."),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Without any filter: whatever can be replayed.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Also what was accepted: vendors are told twice.")
    ] = False,
    per_second: Annotated[
        float | None,
        typer.Option(
            parser=pace,
            metavar="N",
            help="Reports of each vendor that become due in a second; else RELAY_REPLAY_PER_S.",
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what it would do.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask, whatever it is.")] = False,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Send reports once more: refused, held, given up, expired or unclear ones, with fresh tries.

    They become due one after the other. What is pending is due no later than before. A status that
    a newer one has overtaken is left alone.

    Example: chargerelay replay --vendor city-platform --state refused --since 2h --dry-run
    """
    ids = tuple(sorted(set(report or ())))
    filters = Filters(vendor, kind, tuple(state or ()), subject, since, until, ids)
    _refuse_nonsense(filters, everything=everything, again=again)
    settings = needs.settings()
    per_s = per_second or settings.replay_per_s
    with needs.journal(settings) as engine:
        asked_at = time_of(engine)
        counts = journal.plan(engine, filters, again=again)
        if ids and counts.total() < len(ids):
            missing = f"{len(ids) - counts.total()} of {counted(len(ids), 'report')}"
            say(f"not there, or left out by the other filters: {missing}", err=True)
        twice = asking.warn(counts)
        if not dry_run and preview.replayed(counts):
            if not yes:
                asking.ask(counts, per_s, twice=twice, as_json=as_json)
            acts = Acts(engine, settings, asks(by))
            done = acts.replay(filters, again=again, per_s=per_s, asked_at=asked_at)
            counts = done + preview.only(counts, Fate.LEFT)
    show(preview.rows(counts), asking.COLUMNS, as_json=as_json, nothing="no such reports")
    if not as_json:
        say(preview.told(counts, per_s, dry_run=dry_run))


def _refuse_nonsense(filters: Filters, *, everything: bool, again: bool) -> None:
    if filters.everything and not everything:
        raise NotDone("replay which reports? give a filter (see --help), or --all")
    why_not = why_no_replay(filters, again=again)
    if why_not is not None:
        raise NotDone(why_not)
