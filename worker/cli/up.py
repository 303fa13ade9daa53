"""`chargerelay up`: everything embedded, on one machine."""

import os
import signal
import sys
import time
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live

from config import settings as configuration
from worker.embedded import progress, screen
from worker.embedded.lock import only_one
from worker.embedded.run import Relay, running

REFRESH_S = 0.5
POLL_S = 0.1
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

    Without RELAY_VENDORS_FILE the sandbox plays three vendors and sample events are published.

    Example: chargerelay up --once
    """
    settings = configuration.load()
    signal.signal(signal.SIGTERM, _as_interrupt)
    console = Console()
    with only_one(settings.data_dir):
        console.print("starting …", style="dim")
        try:
            with running(settings) as relay:
                _begin(console, relay)
                if once:
                    _until_settled(console, relay, within_s)
                else:
                    _watch(console, relay)
        except KeyboardInterrupt:
            if once:
                raise


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


def _begin(console: Console, relay: Relay) -> None:
    settings = relay.settings
    console.print(f"broker   {settings.broker_shown}", highlight=False, soft_wrap=True)
    console.print(
        f"journal  {settings.journal.rpartition('@')[2]}", highlight=False, soft_wrap=True
    )
    console.print(f"vendors  {settings.vendors_file}", highlight=False, soft_wrap=True)
    console.print(f"calls    {settings.callbacks_base}/docs", highlight=False, soft_wrap=True)
    who = (
        ""
        if relay.console_login is None
        else "  log in as " + relay.console_login.replace(":", " with ", 1)
    )
    console.print(
        f"console  {settings.callbacks_base}/console{who}",
        highlight=False,
        soft_wrap=True,
        markup=False,
    )
    console.print(f"logs     {settings.data_dir / 'log'}", highlight=False, soft_wrap=True)
    if relay.sandboxed:
        console.print(f"{relay.publish_samples()} sample events published")


def _until_settled(console: Console, relay: Relay, within_s: float) -> None:
    end = time.monotonic() + within_s
    while not (done := progress.settled(relay.deployment.redis, relay.deployment.engine)):
        relay.children.check()
        if time.monotonic() > end:
            break
        time.sleep(POLL_S)
    console.print(screen.summary(progress.tally(relay.deployment.engine)))
    if not done:
        sys.exit(f"chargerelay: not everything was settled within {within_s:g} s")


def _watch(console: Console, relay: Relay) -> None:
    """Show the lanes until interrupted: a live table on a terminal, else a line now and then."""
    if not console.is_terminal:
        while True:
            relay.children.check()
            console.print(screen.queue_line(progress.queued(relay.deployment.redis)))
            time.sleep(LINE_EVERY_S)
    with Live(console=console, auto_refresh=False) as live:
        while True:
            relay.children.check()
            live.update(screen.picture(relay, datetime.now(UTC)), refresh=True)
            time.sleep(REFRESH_S)
