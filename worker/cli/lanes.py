"""`chargerelay lanes`: how delivery stands, at one look."""

from dataclasses import asdict
from datetime import datetime

from config.settings import Settings
from worker.cli import needs
from worker.cli.listings import KIND
from worker.cli.options import AsJson, OfKind, Vendor
from worker.cli.output import Column, Row, say, show
from worker.journal import lanes as journal
from worker.journal.clock import time_of
from worker.journal.lanes import Lane
from worker.policies import policies
from worker.roster import RosterError
from worker.wording import age

COUNTS = ("pending", "sending", "unclear", "held", "refused")


def lanes(vendor: Vendor = None, kind: OfKind = None, as_json: AsJson = False) -> None:
    """Show every lane: what waits in it, since when, what holds it up, when it goes on.

    Example: chargerelay lanes
    """
    settings = needs.settings()
    configured = _configured(settings)
    with needs.journal(settings) as engine:
        now = time_of(engine)
        standings = journal.lanes(engine, configured, policies(settings), now)
    rows = [
        asdict(one)
        for one in standings
        if vendor in (None, one.vendor) and (kind is None or kind.value == one.kind)
    ]
    columns = [
        Column("vendor", lambda row: row["vendor"], 18),
        KIND,
        *(_count(name) for name in COUNTS),
        Column("given up", lambda row: row["given_up"] or "", 8, right=True),
        Column("oldest", lambda row: age(row["oldest_age_s"]), 6, right=True),
        Column("next try", lambda row: _next_try(row, now), 9),
    ]
    show(rows, columns, as_json=as_json, nothing="no lanes: no vendor takes anything")
    for row in rows if not as_json else ():
        for word in _words(row):
            say(f"{row['vendor']} {row['kind']}: {word}")


def _configured(settings: Settings) -> list[Lane] | None:
    try:
        return needs.vendors(settings).lanes()
    except RosterError as fault:
        say(f"chargerelay: {fault}; here are the lanes that the journal knows", err=True)
        return None


def _count(name: str) -> Column:
    return Column(name, lambda row: row[name] or "", len(name), right=True)


def _next_try(row: Row, now: datetime) -> str:
    at = row["next_try_at"]
    if at is None:
        return ""
    return "now" if at <= now else f"in {age((at - now).total_seconds())}"


def _words(row: Row) -> list[str]:
    words = [] if row["gate"] is None else [row["gate"]]
    return words if row["configured"] is not False else ["not configured", *words]
