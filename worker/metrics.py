"""What this process counts of its own work, under the names that Prometheus reads.

Each process counts for itself and from its start. What all of them share, in the journal and the
broker, is not counted but looked at when somebody asks: `worker/gauges/`.
"""

from prometheus_client import (
    CollectorRegistry,
    Counter,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)

disable_created_metrics()  # a second series for each, which says only when the process began

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)
GCCollector(registry=REGISTRY)

BATCH_ITEMS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)
ATTEMPT_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
RESULTS = ("accepted", "duplicate", "conflict", "reject")
OUTCOMES = ("accepted", "refused", "try-later", "unclear")
CALL_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
NOBODY = "unknown"

INTAKE_ITEMS = Counter(
    "chargerelay_intake_items",
    "Items taken from a queue and journalled; one may hold several events.",
    ["queue"],
    registry=REGISTRY,
)
INTAKE_EVENTS = Counter(
    "chargerelay_intake_events",
    "What was found in the items: accepted events, duplicates, conflicts, rejects.",
    ["queue", "result"],
    registry=REGISTRY,
)
INTAKE_BATCH = Histogram(
    "chargerelay_intake_batch_items",
    "Items taken in one move.",
    ["queue"],
    buckets=BATCH_ITEMS,
    registry=REGISTRY,
)
SUPERSEDED = Counter(
    "chargerelay_reports_superseded",
    "Reports whose place a newer status took at the intake.",
    registry=REGISTRY,
)
ATTEMPTS = Counter(
    "chargerelay_attempts",
    "Requests that carried reports, by what their answer means.",
    ["vendor", "kind", "outcome"],
    registry=REGISTRY,
)
ATTEMPT_DURATION = Histogram(
    "chargerelay_attempt_duration_seconds",
    "From signing a request until its answer is there, or surely is not.",
    ["vendor", "kind"],
    buckets=ATTEMPT_S,
    registry=REGISTRY,
)
TOKENS_RENEWED = Counter(
    "chargerelay_tokens_renewed",
    "Times that a vendor refused its token and the request went out again with a new one.",
    ["vendor"],
    registry=REGISTRY,
)
LEASES_RAN_OUT = Counter(
    "chargerelay_leases_ran_out",
    "Reports found in flight on a worker that had fallen silent, by the sweep of this process.",
    registry=REGISTRY,
)
CALLBACKS = Counter(
    "chargerelay_callbacks",
    "Calls of vendors, by what they were answered.",
    ["vendor", "callback", "outcome"],
    registry=REGISTRY,
)
CALLBACK_DURATION = Histogram(
    "chargerelay_callback_duration_seconds",
    "From a call that was read whole until its answer.",
    ["vendor", "callback"],
    buckets=CALL_S,
    registry=REGISTRY,
)


class OfQueue:
    """The numbers of one queue, bound once: looking a label up takes longer than counting."""

    def __init__(self, queue: str) -> None:
        self._items = INTAKE_ITEMS.labels(queue)
        self._batch = INTAKE_BATCH.labels(queue)
        self._results = [INTAKE_EVENTS.labels(queue, result) for result in RESULTS]

    def batch(self, items: int, *results: int, superseded: int) -> None:
        """Count one batch, with as many results as RESULTS names, in its order."""
        self._items.inc(items)
        self._batch.observe(items)
        for child, count in zip(self._results, results, strict=True):
            child.inc(count)
        SUPERSEDED.inc(superseded)


class OfLane:
    """The numbers of one lane, likewise."""

    def __init__(self, vendor: str, kind: str) -> None:
        self._outcomes = {word: ATTEMPTS.labels(vendor, kind, word) for word in OUTCOMES}
        self._duration = ATTEMPT_DURATION.labels(vendor, kind)

    def attempt(self, outcome: str, duration_s: float) -> None:
        """Count one attempt, by its outcome's word."""
        self._outcomes[outcome].inc()
        self._duration.observe(duration_s)


def callback(vendor: str, name: str, outcome: str, duration_s: float) -> None:
    """Count one call of a vendor.

    Args:
        vendor: one that is configured, or NOBODY: a caller must not make series.
        name: a callback of the vendor's, or NOBODY.
        outcome: taken, repeated, refused, not-kept or failed.
        duration_s: how long the answer took.
    """
    CALLBACKS.labels(vendor, name, outcome).inc()
    CALLBACK_DURATION.labels(vendor, name).observe(duration_s)
