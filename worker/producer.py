"""Publishing from Python: events onto their queue, in pipelined batches."""

from collections.abc import Iterable, Mapping
from itertools import islice

from redis import Redis

from worker.events import Kind
from worker.wire import write_json

PIPELINED = 500


class Producer:
    """Publishes events as plain JSON objects; what is on the queue is checked by the intake."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def publish(self, kind: Kind, events: Iterable[Mapping[str, object]]) -> int:
        """Push events to the left of their queue, in order; returns how many.

        Raises:
            RedisError: the broker is away; what was pushed until then stays pushed.
        """
        published = 0
        items = (write_json(event) for event in events)
        while chunk := list(islice(items, PIPELINED)):
            self._redis.lpush(kind.value, *chunk)
            published += len(chunk)
        return published
