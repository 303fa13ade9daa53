"""`chargerelay`: what an operator types. The commands stand below, in the order of `--help`."""

import os
import sys
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer

from config import logs
from worker.cli import (
    audit,
    backup,
    call,
    callbacks,
    decisions,
    differences,
    doctor,
    failed_reports,
    faults,
    lanes,
    listings,
    migrate,
    publish,
    reconcile,
    replay,
    up,
    vendors,
)

# The journal, the queues and the logs that a command or its children make hold plates and orders.
FOR_US_ALONE = 0o077
PROJECT = Path(__file__).parents[2] / "pyproject.toml"
COMMANDS = (
    up.up,
    up.sandbox,
    migrate.migrate,
    doctor.doctor,
    publish.publish,
    lanes.lanes,
    listings.reports,
    listings.events,
    listings.attempts,
    failed_reports.failed_reports,
    decisions.rejects,
    decisions.conflicts,
    replay.replay,
    reconcile.reconcile,
    reconcile.reconciliations,
    differences.differences,
    audit.audit,
    backup.backup,
    backup.restore,
    backup.doubt,
    vendors.vendors,
    vendors.pause,
    vendors.resume,
    call.call,
)

app = typer.Typer(
    name="chargerelay",
    help="Takes EV-charging events from Redis and tells each vendor's HTTP API, once.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
for command in COMMANDS:
    app.command()(command)
app.add_typer(callbacks.app, name="callbacks")


def main() -> None:
    """The console's entry point: what can be foreseen to fail ends in one sentence."""
    os.umask(FOR_US_ALONE)
    logs.mask_what_nobody_configured()
    try:
        app(prog_name="chargerelay")
    except faults.FORESEEN as fault:
        sys.exit(f"chargerelay: {faults.sentence(fault)}")
    except (UnicodeError, OverflowError) as fault:
        sys.exit(f"chargerelay: a value that was given cannot be used: {fault}")


def _version() -> str:
    """Of the installed package; in the image, which holds no package, of the project's file."""
    try:
        return metadata.version("chargerelay")
    except metadata.PackageNotFoundError:
        return str(tomllib.loads(PROJECT.read_text("utf-8"))["project"]["version"])


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"chargerelay {_version()}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Say which and end."),
    ] = False,
) -> None:
    pass
