"""What the clock forgets."""

from worker.app import app, processes
from worker.journal import prune as journal


@app.task(name="tasks.prune.prune")  # type: ignore[untyped-decorator]
def prune() -> None:
    """Delete what has been settled for longer than its kind is kept, in small batches."""
    parts = processes.current().deployment
    journal.prune(parts.engine, parts.settings, parts.clock())
