"""`chargerelay vendors`, `pause`, `resume`: whom we tell, and whether we do."""

from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Annotated

import typer
from sqlalchemy import Engine

from config.settings import Settings
from worker.cli import needs
from worker.cli.faults import NotDone
from worker.cli.options import AsJson
from worker.cli.output import Column, Row, say, show
from worker.journal import gates, lanes
from worker.policies import policies
from worker.roster import AnySystem, RosterError

Name = Annotated[str, typer.Argument(metavar="VENDOR", help="A vendor's name.")]


def vendors(as_json: AsJson = False) -> None:
    """List the vendors: the system each speaks, what it takes, where it is, who is routed to it.

    Example: chargerelay vendors --json
    """
    roster = needs.vendors(needs.settings())
    columns = [
        Column("vendor", lambda row: row["name"], 16),
        Column("system", lambda row: row["system"], 16),
        Column("doc", lambda row: row["document"], 3),
        Column("takes", lambda row: ", ".join(row["takes"]) or "nothing", 16),
        Column("base URL", lambda row: row["base_url"]),
        Column("stations", lambda row: " ".join(row["stations"]), 10),
        Column("operators", lambda row: " ".join(row["operators"]), 10),
    ]
    rows = [_shown(system) for system in roster.vendors.values()]
    show(rows, columns, as_json=as_json, nothing="no vendors")


def pause(
    vendor: Name,
    why: Annotated[str | None, typer.Option(help="For those who look at the lanes.")] = None,
) -> None:
    """Send nothing to a vendor until it is resumed; its reports wait, they do not fail.

    Example: chargerelay pause city-platform --why 'their maintenance until 18:00'
    """
    settings = needs.settings()
    with needs.journal(settings) as engine:
        _check_name(vendor, settings, engine)
        gates.pause(engine, vendor, why=why, now=datetime.now(UTC))
    say(f"{vendor} is paused; its reports wait until `chargerelay resume {vendor}`")


def resume(vendor: Name) -> None:
    """Send to a paused vendor again, and forget that it failed or asked to wait.

    Example: chargerelay resume city-platform
    """
    settings = needs.settings()
    with needs.journal(settings) as engine:
        _check_name(vendor, settings, engine)
        paused = gates.resume(engine, vendor)
    say(f"{vendor} is resumed" if paused else f"{vendor} was not paused")


def address(system: AnySystem) -> str:
    """Where the vendor is, without a login that may stand in its URL."""
    scheme, _, rest = system.settings.url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


def _shown(system: AnySystem) -> Row:
    own = system.settings
    return {
        "name": system.vendor,
        "system": system.name,
        "document": system.document,
        "takes": sorted(kind.value for kind in system.kinds()),
        "base_url": address(system),
        "stations": list(own.stations),
        "operators": list(own.operators),
    }


def _check_name(vendor: str, settings: Settings, engine: Engine) -> None:
    """Vendors of the file, and those that only the journal still knows."""
    left = lanes.lanes(engine, None, policies(settings), datetime.now(UTC))
    known = {one.vendor for one in left} | gates.known(engine)
    hint = ""
    try:
        known |= set(needs.vendors(settings).vendors)
    except RosterError as fault:
        hint = f"; {fault}"
    if vendor in known:
        return
    near = get_close_matches(vendor, sorted(known), n=3, cutoff=0.4) or sorted(known)
    asked = f"; did you mean {' or '.join(near[:3])}?" if near else ""
    raise NotDone(f"no vendor is called {vendor}{asked}{hint}")
