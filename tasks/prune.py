"""What the clock forgets."""

from worker.app import app, processes
from worker.journal import prune as journal


@app.task(name="tasks.prune.prune")  # type: ignore[untyped-decorator]
def prune() -> None:
    """Delete what has been settled for longer than its kind is kept, in small batches."""
    current = processes.current()
    parts = current.deployment
    journal.prune(parts.engine, parts.settings, parts.clock(), stopping=current.courier.stopping)
