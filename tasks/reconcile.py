"""What the clock asks for: whether vendors have what we told them."""

from worker.app import app, processes
from worker.reconciling import Reconciler


@app.task(name="tasks.reconcile.reconcile")  # type: ignore[untyped-decorator]
def reconcile() -> None:
    """Reconcile the day that is over, with every vendor for which that is due."""
    process = processes.current()
    parts = process.deployment
    reconciler = Reconciler(
        parts.settings, parts.engine, parts.redis, stopping=process.courier.stopping
    )
    reconciler.reconcile_due(parts.roster)
