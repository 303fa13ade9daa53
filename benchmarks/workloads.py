"""All workloads by name, in the order in which they are run and shown."""

from benchmarks import (
    backlog,
    history,
    idle,
    intake,
    latency,
    prune,
    push,
    scale,
    statuses,
    urgent,
)
from benchmarks.case import Workload

WORKLOADS: dict[str, Workload] = {
    "intake": intake.WORKLOAD,
    "push": push.WORKLOAD,
    "scale": scale.WORKLOAD,
    "statuses": statuses.WORKLOAD,
    "latency": latency.WORKLOAD,
    "urgent": urgent.WORKLOAD,
    "backlog": backlog.WORKLOAD,
    "history": history.WORKLOAD,
    "prune": prune.WORKLOAD,
    "idle": idle.WORKLOAD,
}
