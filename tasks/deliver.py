"""The delivery of one lane, woken by a message that carries no work."""

from worker.app import app, processes
from worker.events import Kind


@app.task(name="tasks.deliver")  # type: ignore[untyped-decorator]
def deliver(vendor: str, kind: str) -> None:
    """Tell the vendor all that is due of that kind."""
    processes.current().courier.deliver(vendor, Kind(kind))
