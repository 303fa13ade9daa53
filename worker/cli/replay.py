"""`chargerelay replay`: reports sent once more because a person asks."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer
from sqlalchemy import Engine

from config.settings import Settings
from worker.cli import needs, preview
from worker.cli.faults import NotDone
from worker.cli.options import AsJson, OfKind, Since, States, Subject, Until, Vendor
from worker.cli.output import counted, say, show
from worker.cli.who import By, audited
from worker.journal import replay as journal
from worker.journal.clock import time_of
from worker.journal.listings import Filters
from worker.journal.replay import Counts, Fate
from worker.journal.states import State
from worker.policies import policies

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
        twice = preview.warn(counts)
        if not dry_run and preview.replayed(counts):
            if not yes:
                preview.ask(counts, per_s, twice=twice, as_json=as_json)
            done = _carry_out(engine, filters, settings, by, asked_at, again=again, per_s=per_s)
            counts = done + preview.only(counts, Fate.LEFT)
    show(preview.rows(counts), preview.COLUMNS, as_json=as_json, nothing="no such reports")
    if not as_json:
        say(preview.told(counts, per_s, dry_run=dry_run))


def _carry_out(
    engine: Engine,
    filters: Filters,
    settings: Settings,
    by: str | None,
    asked_at: datetime,
    *,
    again: bool,
    per_s: float,
) -> Counts:
    asked = _asked(filters) | {"again": again, "per_second": per_s}
    with audited(engine, by, "replay", asked) as result:
        done = journal.replay(
            engine,
            filters,
            policies(settings),
            time_of(engine),
            again=again,
            per_s=per_s,
            asked_at=asked_at,
        )
        result |= _result(done)
    return done


def _asked(filters: Filters) -> dict[str, object]:
    return {name: value for name, value in asdict(filters).items() if value not in (None, ())}


def _result(counts: Counts) -> dict[str, object]:
    fates = (Fate.REPLAYED, Fate.OVERTAKEN)
    result: dict[str, object] = {fate: preview.only(counts, fate).total() for fate in fates}
    return result | {"groups": list(preview.rows(counts))}


def _refuse_nonsense(filters: Filters, *, everything: bool, again: bool) -> None:
    if filters.everything and not everything:
        raise NotDone("replay which reports? give a filter (see --help), or --all")
    if State.SUPERSEDED in filters.states:
        raise NotDone("a superseded report is never replayed: a newer status took its place")
    if State.SENDING in filters.states:
        raise NotDone("a report that is being sent cannot be replayed; wait for its outcome")
    if State.ACCEPTED in filters.states and not again:
        raise NotDone("accepted reports are replayed only with --again: vendors are told twice")
