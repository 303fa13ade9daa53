"""`chargerelay`: what an operator types. The commands stand below, in the order of `--help`."""

import sys
from importlib import metadata
from typing import Annotated

import typer

from worker.cli import (
    call,
    decisions,
    doctor,
    faults,
    lanes,
    listings,
    migrate,
    publish,
    replay,
    up,
    vendors,
)

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
    decisions.rejects,
    decisions.conflicts,
    replay.replay,
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


def main() -> None:
    """The console's entry point: what can be foreseen to fail ends in one sentence."""
    try:
        app(prog_name="chargerelay")
    except faults.FORESEEN as fault:
        sys.exit(f"chargerelay: {faults.sentence(fault)}")
    except (UnicodeError, OverflowError) as fault:
        sys.exit(f"chargerelay: a value that was given cannot be used: {fault}")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"chargerelay {metadata.version('chargerelay')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Say which and end."),
    ] = False,
) -> None:
    pass
