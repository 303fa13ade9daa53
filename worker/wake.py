"""Waking lanes: a wake-up carries no work and a lane that is being woken is not woken again."""

import logging
from collections.abc import Callable, Iterable

from redis import Redis
from redis.exceptions import RedisError

from worker.broker import WOKEN
from worker.events import Kind

log = logging.getLogger(__name__)

# Celery's queues: the wake-ups of lanes, those of urgent ones, and what the clock asks for.
DELIVER, URGENT, CLOCK = "relay.deliver", "relay.urgent", "relay.clock"
WOKEN_FOR_S = 3


class Waker:
    """Rings for a lane unless the last ring has not been answered yet.

    A ring that gets lost, with the broker or with the worker that had it, costs seconds: the sweep
    rings again.
    """

    def __init__(self, redis: Redis, ring: Callable[[str, Kind], None]) -> None:
        self._redis = redis
        self._ring = ring

    def wake(self, lanes: Iterable[tuple[str, Kind]]) -> None:
        """Ring for each of the lanes; the broker's absence is logged, not raised."""
        for vendor, kind in lanes:
            key = WOKEN.format(kind=kind.value, vendor=vendor)
            try:
                if self._redis.set(key, "1", nx=True, ex=WOKEN_FOR_S):
                    self._ring(vendor, kind)
            except (RedisError, OSError) as error:
                log.warning("no wake-up for %s %s, the sweep will do it: %s", vendor, kind, error)
                self.answered(vendor, kind)

    def answered(self, vendor: str, kind: Kind) -> None:
        """From here on a new ring is a new task; called before the work begins."""
        try:
            self._redis.delete(WOKEN.format(kind=kind.value, vendor=vendor))
        except RedisError as error:
            log.warning("the broker does not answer: %s", error)
