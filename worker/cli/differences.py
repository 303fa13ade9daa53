"""`chargerelay differences`: what a reconciliation found, and the missing told once more."""

import json
import sys
from typing import Annotated

import typer
from sqlalchemy import Engine

from config.settings import Settings
from worker.acts import audited
from worker.cli import needs
from worker.cli.call import find
from worker.cli.faults import NotDone
from worker.cli.listings import ID
from worker.cli.options import AsJson, Limit
from worker.cli.output import Column, Row, say, show
from worker.cli.who import By, asks
from worker.events import Kind
from worker.hearing import take_in_all
from worker.journal import differences as journal
from worker.journal import reconciliation, unheard
from worker.journal.clock import time_of
from worker.journal.differences import Replayed
from worker.journal.reconciliation import AnyRow, Standing, What
from worker.policies import policies
from worker.wording import counted, local

ASK_ABOVE = 100
STYLES = {What.MISSING: "red", What.DIFFERING: "yellow", What.UNKNOWN: "cyan"}
SAFE = "the vendor itself says that it has not got them"
SIDES = ("ours", "theirs")
UNITS = (("kwh", "kWh"), ("yuan", "yuan"))


def _amounts(side: Row | None) -> str:
    return ", ".join(f"{side[n]} {unit}" for n, unit in UNITS if side.get(n)) if side else ""


DIFFERENCES = (
    ID,
    Column("what", lambda row: row["what"], 10, lambda row: STYLES[What(row["what"])]),
    Column("subject", lambda row: row["subject"]),
    Column("ours", lambda row: _amounts(row["ours"]), 22),
    Column("the vendor's", lambda row: _amounts(row["theirs"]), 22),
    Column("replayed", lambda row: local(row["replayed_at"]), 14),
)


def differences(
    of: Annotated[
        int, typer.Option("--reconciliation", metavar="ID", help="Of this reconciliation.")
    ],
    what: Annotated[
        What | None, typer.Option(metavar="WHAT", help=f"One of {', '.join(What)}.")
    ] = None,
    replay: Annotated[
        bool, typer.Option("--replay", help="Tell the missing ones again, each once.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what --replay would do.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask, however many it is.")] = False,
    by: By = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List the differences that a reconciliation found, newest first, or tell the missing again.

    What differs is never told again: the vendor has it, and would book it twice.

    Example: chargerelay differences --reconciliation 7 --replay --dry-run
    """
    settings = needs.settings()
    with needs.journal(settings) as engine:
        if replay:
            _replay(engine, settings, of, dry_run=dry_run, yes=yes, by=by)
            return
        _found(engine, of)
        rows = map(shown, journal.differences(engine, of, what=what, limit=limit))
        show(rows, DIFFERENCES, as_json=as_json, nothing="no such differences")


def shown(row: Row) -> Row:
    """A difference with its two sides as objects."""
    sides = {name: None if row[name] is None else json.loads(row[name]) for name in SIDES}
    return {**row, **sides}


def _replay(
    engine: Engine, settings: Settings, of: int, *, dry_run: bool, yes: bool, by: str | None
) -> None:
    found = _found(engine, of, complete=True)
    if waiting := unheard.count_found(engine, of):
        _take_in(engine, settings, found, waiting, dry_run=dry_run, by=by)
        return
    planned = journal.plan(engine, of)
    if dry_run:
        say(f"would be replayed: {_told(planned)}; nothing was written")
        return
    if planned.replayed > ASK_ABOVE and not yes and sys.stdin.isatty():
        typer.confirm(f"Replay {planned.replayed} reports?", abort=True, err=True)
    if not planned.replayed:
        say(f"nothing is replayed{_left(planned)}")
        return
    with audited(engine, asks(by), "differences --replay", {"reconciliation": of}) as result:
        policy, now = policies(settings)[Kind(found.kind)], time_of(engine)
        done = journal.replay(engine, of, policy, now, per_s=settings.replay_per_s)
        result |= {"replayed": done.replayed, "left": done.left}
    say(f"replayed: {_told(done)}; {SAFE}")


def _take_in(
    engine: Engine,
    settings: Settings,
    found: AnyRow,
    waiting: int,
    *,
    dry_run: bool,
    by: str | None,
) -> None:
    """What the vendor's log of calls has, as if the calls had come."""
    if dry_run:
        say(f"would be taken in: {counted(waiting, 'call')}; nothing was written")
        return
    system = find(needs.vendors(settings).vendors, found.vendor)
    with audited(engine, asks(by), "differences --replay", {"reconciliation": found.id}) as result:
        taken, faults = take_in_all(engine, system, found.id, time_of(engine))
        result |= {"taken in": taken, "left": len(faults)}
    say(f"taken in: {counted(taken, 'call')}, as if the vendor had called")
    for fault in faults:
        say(fault, err=True)


def _found(engine: Engine, of: int, *, complete: bool = False) -> AnyRow:
    row = reconciliation.find(engine, of)
    if row is None:
        raise NotDone(f"there is no reconciliation {of}; see `chargerelay reconciliations`")
    if complete and row.state != Standing.COMPLETE:
        why = f": {row.reason}" if row.reason else ""
        raise NotDone(f"reconciliation {of} is {row.state}, and calls nothing missing{why}")
    return row


def _told(done: Replayed) -> str:
    return counted(done.replayed, "report") + _left(done)


def _left(done: Replayed) -> str:
    return f"; {done.left} no longer stand as they were found and are left" if done.left else ""
