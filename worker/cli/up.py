"""`chargerelay up`: everything embedded, on one machine."""

import os
import signal
import sys
import time
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console, Group
from rich.live import Live

from config import settings as configuration
from worker.embedded import progress, screen
from worker.embedded.lock import only_one
from worker.embedded.run import Relay, running

REFRESH_S = 0.5
LINE_EVERY_S = 10.0


def up(
    once: Annotated[
        bool, typer.Option("--once", help="End, with 0, once every sample report is settled.")
    ] = False,
    within_s: Annotated[
        float, typer.Option(help="With --once: end with 1 if that takes longer.")
    ] = 120,
) -> None:
    """Start everything embedded and show it at work, until Ctrl-C.

    Without RELAY_VENDORS_FILE the sandbox plays two vendors and sample events are published.

    Example: chargerelay up --once
    """
    settings = configuration.load()
    signal.signal(signal.SIGTERM, _as_interrupt)
    console = Console()
    with only_one(settings.data_dir):
        console.print("starting …", style="dim")
        with running(settings) as relay:
            _say_where(console, relay)
            if relay.sandboxed:
                console.print(f"{relay.publish_samples()} sample events published")
            if not once:
                _watch(console, relay)
            elif not _until_settled(relay, within_s):
                console.print(screen.summary(progress.tally(relay.deployment.engine)))
                sys.exit(f"chargerelay: not everything was settled within {within_s:g} s")
            console.print(screen.summary(progress.tally(relay.deployment.engine)))


def sandbox(
    port: Annotated[int, typer.Option(help="Loopback port; 0 takes a free one.")] = 7381,
    config: Annotated[str | None, typer.Option(help="JSON file of the vendors to play.")] = None,
) -> None:
    """Play the vendors by real HTTP servers, strict about signatures, with faults on demand.

    Example: chargerelay sandbox --port 7381
    """
    command = [sys.executable, "-m", "sandbox", "--port", str(port)]
    command += ["--config", config] if config else []
    os.execv(sys.executable, command)  # noqa: S606 it takes our place


def _as_interrupt(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _say_where(console: Console, relay: Relay) -> None:
    settings = relay.settings
    console.print(f"broker   {settings.broker}", highlight=False)
    console.print(f"journal  {settings.journal.rpartition('@')[2]}", highlight=False)
    console.print(f"vendors  {settings.vendors_file}", highlight=False)
    console.print(f"logs     {settings.data_dir / 'log'}", highlight=False)


def _until_settled(relay: Relay, within_s: float) -> bool:
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        relay.children.check()
        if progress.settled(relay.deployment.redis, relay.deployment.engine):
            return True
        time.sleep(0.1)
    return False


def _watch(console: Console, relay: Relay) -> None:
    """Show the lanes until interrupted: a live table on a terminal, else a line now and then."""

    def picture() -> Group:
        return screen.picture(relay, datetime.now(UTC))

    try:
        if console.is_terminal:
            with Live(picture(), console=console, auto_refresh=False) as live:
                while True:
                    relay.children.check()
                    live.update(picture(), refresh=True)
                    time.sleep(REFRESH_S)
        while True:
            relay.children.check()
            console.print(screen.queue_line(progress.queued(relay.deployment.redis)))
            time.sleep(LINE_EVERY_S)
    except KeyboardInterrupt:
        console.print("stopping …", style="dim")
