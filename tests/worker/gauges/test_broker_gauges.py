from prometheus_client.core import Metric
from redis import Redis

from worker.broker import ALIVE, WORKERS
from worker.gauges import broker
from worker.intake.take import Taker

QUEUE = "charge-record"


def samples(families: list[Metric], name: str) -> dict[tuple[str, ...], float]:
    (family,) = [one for one in families if one.name == f"chargerelay_{name}"]
    return {tuple(sample.labels.values()): sample.value for sample in family.samples}


def test_items_are_counted_where_they_are(redis: Redis) -> None:
    redis.lpush(QUEUE, "a", "b", "c")
    for worker in ("one", "two"):
        redis.sadd(WORKERS, worker)
    redis.set(ALIVE.format(worker="one"), "1")
    assert Taker(redis, QUEUE, "two", max_items=2, max_bytes=100).take("batch")
    found = broker.families(redis)
    assert samples(found, "queue_items") == {
        ("connector-status",): 0,
        (QUEUE,): 1,
        ("safety-warning",): 0,
    }
    held = samples(found, "processing_items")
    assert held.pop((QUEUE, "two")) == 2
    assert len(held) == 5
    assert set(held.values()) == {0}
    assert samples(found, "worker_alive") == {("one",): 1, ("two",): 0}
