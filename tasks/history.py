"""What the clock writes down for the console's charts."""

from worker.app import app, processes
from worker.journal import history as journal


@app.task(name="tasks.history.look")  # type: ignore[untyped-decorator]
def look() -> None:
    """Look at what was sent since the last time, and at what waits."""
    parts = processes.current().deployment
    journal.look(parts.engine, parts.clock())
