"""What the clock does: look for what is due again, and for what was left behind."""

from worker.app import app, processes
from worker.arriving import publish_due
from worker.events import Kind
from worker.journal import failures
from worker.journal import refresh as journal


@app.task(name="tasks.replay.sweep")  # type: ignore[untyped-decorator]
def sweep() -> None:
    """Wake lanes in which work is due; end leases that ran out and reports not worth telling."""
    processes.current().courier.sweep()


@app.task(name="tasks.replay.refresh")  # type: ignore[untyped-decorator]
def refresh() -> None:
    """Put back the unchanged statuses of vendors that want to hear them again and again."""
    current, kind = processes.current(), Kind.CONNECTOR_STATUS
    courier = current.courier
    every_s = {
        name: system.settings.refresh_s
        for name, system in courier.roster.vendors.items()
        if system.settings.refresh_s and kind in system.kinds()
    }
    parts = current.deployment
    journal.refresh(parts.engine, every_s, courier.policies[kind], parts.clock())


@app.task(name="tasks.replay.callbacks")  # type: ignore[untyped-decorator]
def callbacks() -> None:
    """Report again what failed at a vendor; publish what callbacks brought until it has arrived."""
    current = processes.current()
    parts, courier = current.deployment, current.courier
    now = parts.clock()
    failures.replay(
        parts.engine,
        courier.roster.takes(),
        courier.policies,
        now,
        look_up_after_s=parts.settings.look_up_after_s,
    )
    publish_due(parts.engine, parts.redis, now)
