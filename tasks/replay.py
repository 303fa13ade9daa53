"""What the clock does: look for what is due again, and for what was left behind."""

from worker.app import app, processes


@app.task(name="tasks.replay.sweep")  # type: ignore[untyped-decorator]
def sweep() -> None:
    """Wake lanes in which work is due; end leases that ran out and reports not worth telling."""
    processes.current().courier.sweep()
