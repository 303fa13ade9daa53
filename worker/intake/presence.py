"""Who takes from the queues: a name of one's own, a sign of life, and the dead ones' leavings."""

import time
from collections.abc import Callable

from redis import Redis
from redis.exceptions import RedisError
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_fixed

from worker.broker import ALIVE, WORKERS, text

AGAIN_S = 0.5
MOST_TRIES = 60


class Presence:
    """One worker's name among all; kept by a heartbeat, free again when that stops."""

    def __init__(
        self,
        redis: Redis,
        node: str,
        *,
        ttl_s: float,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Take the node's name, or `node~2`, `node~3` … while another living worker has it.

        Raises:
            RedisError: the broker was away for `MOST_TRIES`; a shorter cut ends no worker.
        """
        self._redis = redis
        self._ttl_ms = int(ttl_s * 1000)
        patiently = Retrying(
            retry=retry_if_exception_type(RedisError),
            wait=wait_fixed(AGAIN_S),
            stop=stop_after_attempt(MOST_TRIES),
            sleep=sleep,
            reraise=True,
        )
        self.name = patiently(self._take_name, node)

    def _take_name(self, node: str) -> str:
        """A try whose answer was lost may have taken the name; then the next one is this one's."""
        name, twin = node, 1
        while not self._redis.set(ALIVE.format(worker=name), "1", nx=True, px=self._ttl_ms):
            twin += 1
            name = f"{node}~{twin}"
        self._redis.sadd(WORKERS, name)
        return name

    def beat(self) -> None:
        """Say that this worker lives."""
        self._redis.set(ALIVE.format(worker=self.name), "1", px=self._ttl_ms)
        self._redis.sadd(WORKERS, self.name)

    def dead(self) -> list[str]:
        """Workers whose heartbeat has stopped and whose leavings nobody has taken up yet."""
        names = sorted(text(name) for name in self._redis.smembers(WORKERS))
        others = [name for name in names if name != self.name]
        if not others:
            return []
        signs = self._redis.mget([ALIVE.format(worker=name) for name in others])
        return [name for name, sign in zip(others, signs, strict=True) if sign is None]

    def bury(self, name: str) -> None:
        """Forget a dead worker once nothing of its is left."""
        self._redis.srem(WORKERS, name)

    def leave(self) -> None:
        """Stop cleanly: the name is free at once; what is still held can be adopted at once."""
        self._redis.delete(ALIVE.format(worker=self.name))
