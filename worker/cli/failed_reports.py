"""`chargerelay failed-reports`: what vendors could not process, and what became of it."""

from typing import Annotated

import typer

from worker.cli import needs
from worker.cli.listings import ID, VENDOR
from worker.cli.options import AsJson, Limit, Since, Subject, Until, Vendor
from worker.cli.output import Column, Row, show
from worker.journal import callback_listings
from worker.journal.failures import State
from worker.journal.listings import Filters
from worker.wording import local

STYLES = {
    State.WAITING: "cyan",
    State.REPLAYED: "green",
    State.LOOKED_UP: "cyan",
    State.HELD: "yellow",
    State.GIVEN_UP: "red",
    State.OVERTAKEN: "dim",
    State.UNMATCHED: "red",
}


def _said(row: Row) -> str:
    told = f"{row['vendor_code']} {row['message']}".strip()
    return f"{told}; {row['reason']}" if row["reason"] else told


COLUMNS = (
    ID,
    VENDOR,
    Column("received", lambda row: local(row["received_at"]), 14),
    Column("subject", lambda row: row["subject"]),
    Column("failures", lambda row: row["failures"], 8, right=True),
    Column("state", lambda row: row["state"], 10, lambda row: STYLES[State(row["state"])]),
    Column("the vendor says; we", lambda row: _said(row)),
)


def failed_reports(
    vendor: Vendor = None,
    subject: Subject = None,
    report: Annotated[int | None, typer.Option(help="Those of this report.", metavar="ID")] = None,
    state: Annotated[
        State | None, typer.Option(metavar="STATE", help=f"One of {', '.join(State)}.")
    ] = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List what vendors could not process after they had taken it, newest first.

    Example: chargerelay failed-reports --state given-up --since 1d
    """
    filters = Filters(vendor, subject=subject, since=since, until=until)
    with needs.journal(needs.settings()) as engine:
        rows = callback_listings.failed_reports(
            engine, filters, report_id=report, state=state, limit=limit
        )
        show(rows, COLUMNS, as_json=as_json, nothing="no such failed reports")
