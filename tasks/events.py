"""What Python producers may send with `.delay(event)`.

The messages go to the lists that the intake reads; no Celery worker consumes those. Where a task
is run in place all the same (`task_always_eager`), it publishes its event.
"""

from worker.app import app, processes
from worker.events import Kind
from worker.intake.read import TASKS
from worker.producer import Producer

Given = dict[str, object] | list[dict[str, object]]


def _publish(kind: Kind, given: Given | None) -> None:
    events = given if isinstance(given, list) else [given] if given is not None else []
    Producer(processes.current().deployment.redis).publish(kind, events)


@app.task(name=TASKS[Kind.CONNECTOR_STATUS])  # type: ignore[untyped-decorator]
def connector_status(event: Given | None = None, *, events: Given | None = None) -> None:
    """A connector's status, or several."""
    _publish(Kind.CONNECTOR_STATUS, event or events)


@app.task(name=TASKS[Kind.CHARGE_RECORD])  # type: ignore[untyped-decorator]
def charge_record(event: Given | None = None, *, events: Given | None = None) -> None:
    """A completed charge, or several."""
    _publish(Kind.CHARGE_RECORD, event or events)


@app.task(name=TASKS[Kind.SAFETY_WARNING])  # type: ignore[untyped-decorator]
def safety_warning(event: Given | None = None, *, events: Given | None = None) -> None:
    """A safety warning, or several."""
    _publish(Kind.SAFETY_WARNING, event or events)
