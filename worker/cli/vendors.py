"""`chargerelay vendors`, `pause`, `resume`: whom we tell, and whether we do."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Annotated

import typer
from sqlalchemy import Engine

from config.logs import mask
from config.settings import Settings
from worker import manual
from worker.acts import Acts
from worker.cli import call, needs
from worker.cli.faults import NotDone
from worker.cli.names import near
from worker.cli.options import AsJson
from worker.cli.output import Column, Row, say, show, write_json
from worker.cli.who import By, asks
from worker.journal import gates, lanes
from worker.journal.clock import time_of
from worker.manual import Entry
from worker.policies import policies
from worker.roster import AnySystem, RosterError

Name = Annotated[str, typer.Argument(metavar="VENDOR", help="A vendor's name.")]


SETTINGS = (
    Column("setting", lambda row: row["name"], 20),
    Column("here", lambda row: row["here"], 26),
    Column("expected", lambda row: row["expected"], 14),
    Column("meaning", lambda row: row["description"]),
)
OPERATIONS = (
    Column("vendor", lambda row: row["vendor"], 16),
    *call.OPERATIONS,
)


def vendors(
    vendor: Annotated[
        str | None, typer.Argument(metavar="VENDOR", help="Of this one, settings and operations.")
    ] = None,
    operations: Annotated[
        bool, typer.Option("--operations", help="What can be called at them, in place of them.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List the vendors: the system each speaks, what it takes, where it is, who is routed to it.

    Example: chargerelay vendors city-platform
    """
    roster = needs.vendors(needs.settings())
    known = roster.vendors
    if vendor is not None:
        known = {vendor: call.find(known, vendor)}
    if operations:
        listed = (row for system in known.values() for row in call.operations(system))
        show(listed, OPERATIONS, as_json=as_json, nothing="no operations")
    elif vendor is not None:
        _detail(known[vendor], as_json=as_json)
    else:
        _list(known.values(), as_json=as_json)


def _list(systems: Iterable[AnySystem], *, as_json: bool) -> None:
    columns = [
        Column("vendor", lambda row: row["name"], 16),
        Column("system", lambda row: row["system"], 16),
        Column("doc", lambda row: row["document"], 3),
        Column("takes", lambda row: ", ".join(row["takes"]) or "nothing", 16),
        Column("base URL", lambda row: row["base_url"]),
        Column("stations", lambda row: " ".join(row["stations"]), 10),
        Column("operators", lambda row: " ".join(row["operators"]), 10),
    ]
    show(map(_shown, systems), columns, as_json=as_json, nothing="no vendors")


def _detail(system: AnySystem, *, as_json: bool) -> None:
    settings = [asdict(entry) | {"here": _here(system, entry.name)} for entry in _settings(system)]
    if as_json:
        listed = list(call.operations(system))
        write_json([{**_shown(system), "settings": settings, "operations": listed}])
        return
    takes = ", ".join(sorted(system.kinds())) or "nothing"
    say(f"{system.vendor} speaks {system.name}, document {system.document}; it takes {takes}")
    say("")
    show(settings, SETTINGS, as_json=False, nothing="no settings")
    say("")
    show(call.operations(system), call.OPERATIONS, as_json=False, nothing="no operations")


def _settings(system: AnySystem) -> list[Entry]:
    """Those of the system first."""
    own = manual.settings(type(system), own=True)
    return own + [e for e in manual.settings(type(system)) if e not in own and "." not in e.name]


def _here(system: AnySystem, name: str) -> str:
    """What the vendors file says, or the default; secrets as stars."""
    value = address(system) if name == "base_url" else getattr(system.settings, name, None)
    match value:
        case None:
            return ""
        case tuple() | frozenset():
            return " ".join(sorted(map(str, value)))
        case _:
            return mask(str(value))  # a login may stand in a URL


def pause(
    vendor: Name,
    why: Annotated[str | None, typer.Option(help="For those who look at the lanes.")] = None,
    by: By = None,
) -> None:
    """Send nothing to a vendor until it is resumed; its reports wait, they do not fail.

    Example: chargerelay pause city-platform --why 'their maintenance until 18:00'
    """
    settings = needs.settings()
    with needs.journal(settings) as engine:
        _check_name(vendor, settings, engine)
        Acts(engine, settings, asks(by)).pause(vendor, why)
    say(f"{vendor} is paused; its reports wait until `chargerelay resume {vendor}`")


def resume(vendor: Name, by: By = None) -> None:
    """Send to a paused vendor again, and forget that it failed or asked to wait.

    Example: chargerelay resume city-platform
    """
    settings = needs.settings()
    with needs.journal(settings) as engine:
        _check_name(vendor, settings, engine)
        paused = Acts(engine, settings, asks(by)).resume(vendor)
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
    left = lanes.lanes(engine, None, policies(settings), time_of(engine))
    known = {one.vendor for one in left} | gates.known(engine)
    hint = ""
    try:
        known |= set(needs.vendors(settings).vendors)
    except RosterError as fault:
        hint = f"; {fault}"
    if vendor in known:
        return
    raise NotDone(f"no vendor is called {vendor}{near(vendor, known)}{hint}")
