"""`chargerelay reports`, `events`, `attempts`: what the journal knows."""

from datetime import datetime
from typing import Annotated

import typer

from worker.cli import needs
from worker.cli.options import (
    AsJson,
    Limit,
    OfKind,
    Since,
    States,
    Subject,
    Until,
    Vendor,
)
from worker.cli.output import Column, Row, show, state_style
from worker.journal import listings
from worker.journal.listings import Filters
from worker.journal.states import OPEN
from worker.wording import local

OUTCOMES = {"accepted": "green", "refused": "red", "try-later": "cyan", "unclear": "yellow"}

ID = Column("id", lambda row: row["id"], 8, right=True)
VENDOR = Column("vendor", lambda row: row["vendor"], 14)
KIND = Column("kind", lambda row: row["kind"], 16)
SUBJECT = Column("subject", lambda row: row["subject"])
STATE = Column("state", lambda row: row["state"], 10, state_style)
TRIES = Column("tries", lambda row: row["tries"], 5, right=True)
CREATED = Column("created", lambda row: local(row["created_at"]), 14)
REASON = Column("reason", lambda row: row["reason"])
NEXT = Column("due or settled", lambda row: local(_next(row)), 14)


def _next(row: Row) -> datetime | None:
    moment: datetime | None = row["due_at" if row["state"] in OPEN else "settled_at"]
    return moment


def reports(
    vendor: Vendor = None,
    kind: OfKind = None,
    state: States = None,
    subject: Subject = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List reports, newest first; with a subject or a state also why each stands as it does.

    Example: chargerelay reports --vendor city-platform --state refused --since 2h
    """
    filters = Filters(vendor, kind, tuple(state or ()), subject, since, until)
    if subject is not None:
        columns = [ID, VENDOR, KIND, STATE, TRIES, NEXT, REASON]
    elif state:
        columns = [ID, VENDOR, SUBJECT, STATE, NEXT, REASON]
    else:
        columns = [ID, VENDOR, KIND, SUBJECT, STATE, TRIES, CREATED]
    with needs.journal(needs.settings()) as engine:
        rows = listings.reports(engine, filters, limit=limit)
        show(rows, columns, as_json=as_json, nothing="no such reports")


def events(
    kind: OfKind = None,
    subject: Subject = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List events, newest first.

    Example: chargerelay events --kind charge-record --since '2026-03-01 00:00:00'
    """
    columns = [
        ID,
        KIND,
        SUBJECT,
        Column("occurred", lambda row: local(row["occurred_at"]), 14),
        Column("received", lambda row: local(row["received_at"]), 14),
        Column("duplicates", lambda row: row["duplicates"] or "", 10, right=True),
    ]
    filters = Filters(kind=kind, subject=subject, since=since, until=until)
    with needs.journal(needs.settings()) as engine:
        rows = listings.events(engine, filters, limit=limit)
        show(rows, columns, as_json=as_json, nothing="no such events")


def attempts(
    vendor: Vendor = None,
    kind: OfKind = None,
    subject: Subject = None,
    report: Annotated[
        int | None, typer.Option(help="Those that carried this report.", metavar="ID")
    ] = None,
    outcome: Annotated[
        str | None, typer.Option(help="accepted, refused, try-later or unclear.")
    ] = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List attempts, newest first; with --json also what was sent and answered.

    Example: chargerelay attempts --report 4711
    """
    if outcome is not None and outcome not in OUTCOMES:
        raise typer.BadParameter(f"expected one of {', '.join(OUTCOMES)}", param_hint="--outcome")
    columns = [
        ID,
        VENDOR,
        KIND,
        Column("started", lambda row: local(row["started_at"]), 14),
        Column("ms", lambda row: row["duration_ms"], 6, right=True),
        Column("HTTP", lambda row: row["http_status"], 4, right=True),
        Column("outcome", lambda row: row["outcome"], 9, lambda row: OUTCOMES[row["outcome"]]),
        REASON,
    ]
    filters = Filters(vendor, kind, subject=subject, since=since, until=until)
    with needs.journal(needs.settings()) as engine:
        rows = listings.attempts(engine, filters, report_id=report, outcome=outcome, limit=limit)
        show(rows, columns, as_json=as_json, nothing="no such attempts")
