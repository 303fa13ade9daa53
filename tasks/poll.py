"""What the clock asks for: vendors that do not tell by themselves."""

from worker.app import app, processes
from worker.polling import Poller


@app.task(name="tasks.poll.poll")  # type: ignore[untyped-decorator]
def poll() -> None:
    """Ask every vendor that is due, and put what it knows on the queues."""
    process = processes.current()
    parts = process.deployment
    Poller(parts.settings, parts.redis, parts.roster, stopping=process.courier.stopping).poll()
