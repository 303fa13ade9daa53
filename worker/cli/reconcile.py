"""`chargerelay reconcile` and `reconciliations`: what vendors have of what we told them."""

import sys
from datetime import UTC, date, datetime
from typing import Annotated, Any

import typer
from sqlalchemy import Engine

from worker.cli import needs
from worker.cli.call import find
from worker.cli.differences import DIFFERENCES, shown
from worker.cli.faults import NotDone
from worker.cli.listings import ID, VENDOR
from worker.cli.options import AsJson, Limit, Vendor
from worker.cli.output import Column, Row, say, show
from worker.deployment import Deployment
from worker.journal import differences, reconciliation
from worker.journal.reconciliation import Standing, What
from worker.reconciling import NotNow, Reconciler, last_day, reconciled

FIRST = 20
STYLES = {Standing.COMPLETE: "green", Standing.INCOMPLETE: "red", Standing.RUNNING: "blue"}


def day_of(text: str) -> date:
    """Read a day of Asia/Shanghai."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise typer.BadParameter("expected yyyy-MM-dd") from None


def _count(name: str) -> Column:
    return Column(name, lambda row: row[name], len(name), right=True)


Name = Annotated[str, typer.Argument(metavar="VENDOR", help="A vendor's name.")]
Day = Annotated[
    date | None,
    typer.Option(
        parser=day_of,
        metavar="DAY",
        help="yyyy-MM-dd in Asia/Shanghai, of the events' own time; else the last that is over.",
    ),
]
COLUMNS = (
    ID,
    VENDOR,
    Column("day", lambda row: row["day"], 10),
    Column("state", lambda row: row["state"], 10, lambda row: STYLES[Standing(row["state"])]),
    Column("ours", lambda row: row["ours"], 7, right=True),
    Column("theirs", lambda row: row["theirs"], 7, right=True),
    *(_count(what.value) for what in What),
    Column("reason", lambda row: row["reason"]),
)
TOTALS = (
    Column("", lambda row: row["of"], 12),
    Column("ours", lambda row: row["ours"], 16, right=True),
    Column("the vendor's", lambda row: row["theirs"], 16, right=True),
)


def reconcile(vendor: Name, day: Day = None) -> None:
    """Compare one day's records with what the vendor can read back to us, now.

    The exit code is 0 if both sides could be read whole, whatever differs, else 1.

    Example: chargerelay reconcile city-platform --day 2026-11-20
    """
    settings = needs.settings()
    with needs.journal(settings) as engine, needs.broker(settings) as redis:
        system = find(Deployment(settings).roster.vendors, vendor)
        kinds = list(reconciled(system))
        if not kinds:
            raise NotDone(f"{vendor} speaks {system.name}, which reads nothing back to us")
        of_day = day or last_day(system, datetime.now(UTC), after_s=0)
        reconciler = Reconciler(settings, engine, redis)
        for kind in kinds:
            try:
                ended = reconciler.reconcile(system, kind, of_day)
            except NotNow as error:
                raise NotDone(str(error)) from None
            if ended.state is not Standing.COMPLETE:
                raise NotDone(
                    f"reconciliation {ended.reconciliation_id} of {of_day} is incomplete, and "
                    f"calls nothing missing: {ended.reason}"
                )
            _tell(engine, ended.reconciliation_id)
        if not system.ends:
            say(
                f"what was accepted less than {settings.look_up_after_s:g} s before is not yet "
                "expected at the vendor"
            )


def reconciliations(vendor: Vendor = None, limit: Limit = 50, as_json: AsJson = False) -> None:
    """List reconciliations, newest first.

    Example: chargerelay reconciliations --vendor city-platform
    """
    with needs.journal(needs.settings()) as engine:
        rows = differences.reconciliations(engine, vendor=vendor, limit=limit)
        show(rows, COLUMNS, as_json=as_json, nothing="no such reconciliations")


def _tell(engine: Engine, reconciliation_id: int) -> None:
    row = reconciliation.find(engine, reconciliation_id)
    if row is None:
        sys.exit(1)
    counts = ", ".join(f"{getattr(row, what.value)} {what.value}" for what in What)
    say(f"reconciliation {row.id}: {row.vendor}, {row.kind} of {row.day}: {counts}")
    show(_totals(row), TOTALS, as_json=False, nothing="")
    if not any(getattr(row, what.value) for what in What):
        return
    say("")
    found = differences.differences(engine, reconciliation_id, limit=FIRST)
    show(map(shown, found), DIFFERENCES, as_json=False, nothing="no differences")
    say(f"see all with `chargerelay differences --reconciliation {reconciliation_id}`")
    if row.missing:
        say("tell the missing ones again with --replay")
    elif row.unknown and row.ours_kwh is None:
        say("take in what was not heard with --replay")


def _totals(row: Any) -> list[Row]:  # noqa: ANN401 a row of any columns
    return [
        {"of": "count", "ours": row.ours, "theirs": row.theirs},
        {"of": "energy, kWh", "ours": row.ours_kwh, "theirs": row.theirs_kwh},
        {"of": "money, yuan", "ours": row.ours_yuan, "theirs": row.theirs_yuan},
    ]
