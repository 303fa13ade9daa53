"""`chargerelay callbacks`: the server that vendors call, and where they are told to call it."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated

import requests
import typer
from sqlalchemy import Engine

from config.logs import mask
from config.settings import Settings
from worker.acts import audited
from worker.calling import Caller
from worker.cli import needs
from worker.cli.call import find, plain_sender
from worker.cli.faults import NotDone
from worker.cli.options import AsJson, Limit, Since, Subject, Until, Vendor
from worker.cli.output import Column, Row, say, show
from worker.cli.who import By, asks
from worker.deployment import Deployment
from worker.journal import callback_listings, callback_urls
from worker.journal.callbacks import Fate
from worker.journal.listings import Filters
from worker.outcomes import word
from worker.registering import Registration, Step, urls
from worker.roster import AnySystem
from worker.wording import local

STYLES = {"accepted": "green", "as told": "green", "not told": "red", "another": "red"}
BY_HAND = "by hand"
NO_CALL = "the vendor has no call for it"
PROBE_S = 5

app = typer.Typer(
    help="Serve what vendors call, until Ctrl-C; or tell a vendor where to call.",
    invoke_without_command=True,
)
WhichVendor = Annotated[str, typer.Argument(metavar="VENDOR", help="As the vendors file names it.")]
NAME = Column("callback", lambda row: row["callback"], 20)
NAME_IN_LOG = Column("callback", lambda row: row["name"], 18)
URL = Column("url", lambda row: row["url"])


@app.callback()
def callbacks(context: typer.Context) -> None:
    """Serve what vendors call, until Ctrl-C; its OpenAPI page is at /docs.

    Example: chargerelay callbacks
    """
    if context.invoked_subcommand is None:
        from worker.callbacks import serve  # its libraries would slow every other command

        serve.serve(needs.settings())


@app.command()
def register(vendor: WhichVendor, by: By = None, as_json: AsJson = False) -> None:
    """Tell a vendor the URLs of its callbacks, by its own calls.

    Example: RELAY_CALLBACKS_URL=https://relay.example chargerelay callbacks register city-platform
    """
    with _registration(vendor) as (registration, engine, system):
        _refuse_by_hand(system, registration)
        with audited(engine, asks(by), "callbacks register", {"vendor": vendor}) as result:
            steps = list(registration.register(datetime.now(UTC)))
            result |= {step.name: _said(step) for step in steps}
    _show(steps, as_json=as_json)


@app.command()
def remove(vendor: WhichVendor, by: By = None, as_json: AsJson = False) -> None:
    """Tell a vendor to call us no more, as far as its calls allow it.

    Example: chargerelay callbacks remove city-platform
    """
    with (
        _registration(vendor) as (registration, engine, _),
        audited(engine, asks(by), "callbacks remove", {"vendor": vendor}) as result,
    ):
        steps = list(registration.remove())
        result |= {step.name: _said(step) for step in steps}
    _show(steps, as_json=as_json)


@app.command()
def check(vendor: WhichVendor, as_json: AsJson = False) -> None:
    """Compare what a vendor was told with what it would be told now, and try our own address.

    No vendor can be asked what it remembers. The exit code is 0 if all is as told.

    Example: chargerelay callbacks check city-platform
    """
    settings = needs.settings()
    system = find(needs.vendors(settings).vendors, vendor)
    with needs.journal(settings) as engine:
        told = callback_urls.registered(engine, vendor)
    rows: list[Row] = []
    for name, url in urls(system, settings.callbacks_base).items():
        known = told.get(name)
        state = "not told" if known is None else "as told" if known.url == url else "another"
        if known is None and system.callbacks[name].register is None:
            state = BY_HAND
        before = {"told": known and known.url, "told_at": known and known.told_at}
        rows.append({"callback": name, "state": state, "url": url} | before)
    columns = [
        NAME,
        Column("state", lambda row: row["state"], 9, _style("state")),
        Column("told at", lambda row: local(row["told_at"]), 14),
        URL,
        Column("told before", lambda row: row["told"] if row["state"] == "another" else ""),
    ]
    show(rows, columns, as_json=as_json, nothing=f"{vendor} ({system.name}) calls nothing")
    fault = _unreachable(settings)
    if fault and rows:
        say(fault, err=True)
    if fault or any(row["state"] in ("another", "not told") for row in rows):
        sys.exit(1)


@app.command()
def log(
    vendor: Vendor = None,
    subject: Subject = None,
    outcome: Annotated[
        Fate | None, typer.Option(metavar="OUTCOME", help=f"One of {', '.join(Fate)}.")
    ] = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List the vendors' calls, newest first; with --json also what they said.

    Example: chargerelay callbacks log --outcome refused --since 1h
    """
    columns = [
        Column("id", lambda row: row["id"], 8, right=True),
        Column("vendor", lambda row: row["vendor"], 14),
        NAME_IN_LOG,
        Column("received", lambda row: local(row["received_at"]), 14),
        Column("HTTP", lambda row: row["http_status"], 4, right=True),
        Column("outcome", lambda row: row["outcome"], 9),
        Column("subject", lambda row: row["subject"]),
        Column("reason", lambda row: row["reason"]),
    ]
    filters = Filters(vendor, subject=subject, since=since, until=until)
    with needs.journal(needs.settings()) as engine:
        rows = callback_listings.callbacks(engine, filters, outcome=outcome, limit=limit)
        show(rows, columns, as_json=as_json, nothing="no such callbacks")


@contextmanager
def _registration(vendor: str) -> Iterator[tuple[Registration, Engine, AnySystem]]:
    settings = needs.settings()
    with needs.journal(settings) as engine:
        parts = Deployment(settings)
        system = find(parts.roster.vendors, vendor)
        caller = Caller(system, plain_sender(system, settings))
        yield Registration(engine, system, caller, settings.callbacks_base), engine, system


def _refuse_by_hand(system: AnySystem, registration: Registration) -> None:
    """Some vendors have no call for it: a person tells them one address for all callbacks."""
    if not system.callbacks:
        raise NotDone(f"{system.vendor} ({system.name}) calls nothing")
    if any(callback.register for callback in system.callbacks.values()):
        return
    address = next(iter(registration.urls().values())).rpartition("/")[0]
    raise NotDone(
        f"{system.name} has no call for it: give the vendor the address {address}/TOKEN by hand, "
        "with its callback_token in place of TOKEN"
    )


def _style(field: str) -> Callable[[Row], str]:
    return lambda row: STYLES.get(row[field], "")


def _said(step: Step) -> str:
    return BY_HAND if step.made is None else word(step.made.reply.outcome)


def _show(steps: Iterable[Step], *, as_json: bool) -> None:
    """What came of each; the exit code is 1 if the vendor refused one."""
    rows: list[Row] = [
        {
            "callback": step.name,
            "outcome": _said(step),
            "url": step.url,
            "reason": mask(step.made.reply.outcome.reason) if step.made else NO_CALL,
        }
        for step in steps
    ]
    columns = [
        NAME,
        Column("outcome", lambda row: row["outcome"], 9, _style("outcome")),
        URL,
        Column("reason", lambda row: row["reason"]),
    ]
    show(rows, columns, as_json=as_json, nothing="no callbacks")
    if not all(step.well or step.made is None for step in steps):
        sys.exit(1)


def _unreachable(settings: Settings) -> str | None:
    """Why our own address does not answer from here; None if it does."""
    url = f"{settings.callbacks_base}/readyz"
    try:
        answer = requests.get(url, timeout=PROBE_S)
    except requests.RequestException as error:
        return f"{url} does not answer from here ({type(error).__name__})"
    return None if answer.ok else f"{url} answers HTTP {answer.status_code} from here"
