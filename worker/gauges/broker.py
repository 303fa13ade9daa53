"""What waits in the queues, and what workers hold of them.

How long the oldest item waits is not known: an item carries no time of its push. The age of the
oldest report that is due, from the journal, says how late we are.
"""

from prometheus_client.core import GaugeMetricFamily, Metric
from redis import Redis

from worker.broker import ALIVE, PROCESSING, WORKERS, text
from worker.events import Kind


def families(redis: Redis) -> list[Metric]:
    """Look once.

    The queues are read before the workers' names: what is taken meanwhile is counted once or twice,
    but never missed.
    """
    queues = GaugeMetricFamily(
        "chargerelay_queue_items", "Items that wait in a queue.", labels=["queue"]
    )
    held = GaugeMetricFamily(
        "chargerelay_processing_items",
        "Items that a worker took from a queue and has not let go of.",
        labels=["queue", "worker"],
    )
    alive = GaugeMetricFamily(
        "chargerelay_worker_alive",
        "1: the worker's heartbeat is fresh; 0: it fell silent, and is not buried yet.",
        labels=["worker"],
    )
    for kind in Kind:
        queues.add_metric([kind.value], redis.llen(kind.value))
    for name in sorted(text(name) for name in redis.smembers(WORKERS)):
        alive.add_metric([name], redis.exists(ALIVE.format(worker=name)))
        for kind in Kind:
            holds = redis.llen(PROCESSING.format(queue=kind.value, worker=name))
            held.add_metric([kind.value, name], holds)
    return [queues, held, alive]
