"""What `chargerelay doctor` says of the vendors' calls: told where to call, and nothing stuck."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import Engine, func, select

from config.settings import Settings
from worker.cli.checks import LATE_S, Finding, ok, warning
from worker.journal import callback_tables as told
from worker.journal import callback_urls
from worker.journal.engine import reading
from worker.registering import urls
from worker.roster import AnySystem, Roster
from worker.wording import counted


def registered(engine: Engine, roster: Roster, settings: Settings) -> Iterator[Finding]:
    """Whether every vendor that has calls for it was told our present address."""
    for system in roster.vendors.values():
        if any(callback.register for callback in system.callbacks.values()):
            yield _registered(engine, system, settings)


def _registered(engine: Engine, system: AnySystem, settings: Settings) -> Finding:
    check = f"callbacks of {system.vendor}"
    before = callback_urls.registered(engine, system.vendor)
    wanted = urls(system, settings.callbacks_base)
    missing = [
        name for name, url in wanted.items() if name not in before or before[name].url != url
    ]
    if not missing:
        return ok(check, f"it was told to call {settings.callbacks_base}")
    return warning(
        check,
        f"it was not told where to call for {', '.join(missing)}",
        f"chargerelay callbacks register {system.vendor}",
    )


def stuck(engine: Engine, now: datetime) -> Iterator[Finding]:
    """What callbacks brought and nobody has handled since."""
    late = now - timedelta(seconds=LATE_S)
    failed, event = told.failed_report.c, told.callback_event.c
    waiting = select(func.count()).where(failed.state == "waiting", failed.received_at < late)
    absent = select(func.count()).where(event.created_at < late)
    with reading(engine) as connection:
        reports = connection.execute(waiting).scalar_one()
        events = connection.execute(absent).scalar_one()
    if reports:
        yield warning(
            "failed reports",
            f"{counted(reports, 'failed report')} not looked at for over {LATE_S:g} s",
            "is beat running, and a worker for the clock?",
        )
    if events:
        yield warning(
            "callbacks",
            f"{counted(events, 'event')} of callbacks not taken in for over {LATE_S:g} s",
            "is a worker taking from the queues?",
        )
