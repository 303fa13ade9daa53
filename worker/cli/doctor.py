"""`chargerelay doctor`: what would keep a deployment from working, and what to do about it."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import requests
import typer
from redis.exceptions import RedisError
from rich.text import Text
from sqlalchemy.exc import SQLAlchemyError

from config.settings import Settings
from worker.cli import callback_checks, checks, needs, sentinel_checks, still_checks
from worker.cli.checks import Finding, Verdict, failed, ok, warning
from worker.cli.options import AsJson
from worker.cli.output import console, printable, write_json
from worker.cli.vendors import address
from worker.deployment import Deployment
from worker.exchange import NoAnswer
from worker.journal.engine import away
from worker.roster import AnySystem, Roster, RosterError
from worker.sender import line_to

VENDOR_TIMEOUT_S = 3
MARKS = {
    Verdict.OK: ("✓", "green"),
    Verdict.WARNING: ("!", "yellow"),
    Verdict.FAILED: ("✗", "red"),
}


def doctor(as_json: AsJson = False) -> None:
    """Check broker, journal, vendors file, clocks, queues, workers, lanes and callbacks.

    Exits with 1 if anything is marked ✗.

    Example: chargerelay doctor
    """
    deployment = Deployment(needs.settings())
    findings = []
    try:
        for finding in _findings(deployment):
            findings.append(finding)
            if not as_json:
                _print(finding)
    finally:
        _close(deployment)
    if as_json:
        write_json(asdict(finding) for finding in findings)
    if any(finding.verdict is Verdict.FAILED for finding in findings):
        raise typer.Exit(1)


def _findings(deployment: Deployment) -> Iterator[Finding]:
    settings, now = deployment.settings, datetime.now(UTC)
    of_broker = list(_guarded("broker", lambda: checks.broker(deployment)))
    yield from of_broker
    if _passed(of_broker):
        yield from _guarded("sentinels", lambda: sentinel_checks.sentinels_and_replicas(deployment))
    of_journal = list(_guarded("journal", lambda: checks.journal(deployment)))
    yield from of_journal
    roster = _roster(settings)
    yield from checks.vendors(roster)
    known = None if isinstance(roster, RosterError) else roster
    if known is not None:
        yield from _vendor_clocks(known, settings)
    if _passed(of_broker):
        yield from _guarded("queues", lambda: checks.queues(deployment.redis, now))
    if _passed(of_journal):
        engine = deployment.engine
        clock = deployment.clock
        yield from _guarded("lanes", lambda: checks.lateness(engine, known, settings, clock()))
        yield from _guarded("callbacks", lambda: callback_checks.stuck(engine, clock()))
        if known is not None and _passed(of_broker):
            yield from _guarded("work", lambda: still_checks.standing_still(deployment, known))
        if known is not None:
            yield from _guarded(
                "callbacks", lambda: callback_checks.registered(engine, known, settings)
            )


def _roster(settings: Settings) -> Roster | RosterError:
    try:
        return needs.checked_vendors(settings)
    except RosterError as fault:
        return fault


def _passed(findings: Iterable[Finding]) -> bool:
    return all(finding.verdict is not Verdict.FAILED for finding in findings)


def _guarded(check: str, look: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """The findings, and one more if what was looked at went away meanwhile."""
    try:
        yield from look()
    except RedisError as error:
        yield failed(check, f"the broker went away ({error})", "look again")
    except SQLAlchemyError as error:
        yield failed(check, f"the journal went away ({away(error)})", "look again")


def _vendor_clocks(roster: Roster, settings: Settings) -> Iterator[Finding]:
    with ThreadPoolExecutor(16) as pool:
        yield from pool.map(lambda s: _vendor_clock(s, settings), roster.vendors.values())


def _vendor_clock(system: AnySystem, settings: Settings) -> Finding:
    """Any answer will do, it carries the date."""
    check = f"vendor {system.vendor}"
    try:
        line = line_to(system, settings, within_s=VENDOR_TIMEOUT_S)
        date = line.send(requests.Request("HEAD", system.settings.url)).headers.get("Date", "")
    except NoAnswer as error:
        todo = "see its base_url" if error.forbidden else "ask the vendor"
        return warning(
            check,
            f"no answer from {address(system)}: {error}",
            f"{todo}; its reports wait meanwhile",
        )
    try:
        theirs = parsedate_to_datetime(date).astimezone(UTC)
    except ValueError:
        return ok(check, "answers, and does not tell its time")
    apart_s = abs((datetime.now(UTC) - theirs).total_seconds())
    return checks.clock_finding(check, f"that of {system.vendor}", apart_s)


def _print(finding: Finding) -> None:
    mark, colour = MARKS[finding.verdict]
    todo = f": {finding.todo}" if finding.todo else ""
    line = Text(f"{mark} ", style=colour)
    line.append(printable(f"{finding.check}: {finding.message}{todo}"), style="default")
    console().print(line, soft_wrap=True)


def _close(deployment: Deployment) -> None:
    for part, close in (("redis", "close"), ("engine", "dispose")):
        if part in vars(deployment):
            getattr(vars(deployment)[part], close)()
