"""What stands still although there is work: seen in what is consumed, not in who lives.

A worker whose process runs may have stopped to take or to deliver all the same.
"""

import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from worker.broker import PROCESSING, RELEASED, WORKERS, text
from worker.events import Kind
from worker.journal.engine import away
from worker.journal.late import late
from worker.policies import Policy
from worker.roster import Roster


@dataclass(frozen=True, slots=True)
class Queued:
    """What waits in a queue and in workers' hands, and the mark of the last batch let go."""

    items: int
    released: bytes | None


class Watch:
    """Looks at queues and lanes again and again, from any thread.

    A queue stands still when for `stall_s` something waited and no batch was let go of; it is known
    by the mark that the intake leaves, so that no clock has to agree with another.
    """

    def __init__(
        self,
        engine: Engine,
        redis: Redis,
        roster: Roster,
        policies: Mapping[Kind, Policy],
        *,
        stall_s: float,
        queues: Collection[Kind] = tuple(Kind),
        urgent: Collection[bool] = (True, False),
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        """Watch what this process answers for: these queues, and lanes that are urgent or not."""
        self._engine = engine
        self._redis = redis
        self._lanes = [
            (lane, policies[lane[1]].urgent)
            for lane in roster.lanes()
            if policies[lane[1]].urgent in urgent
        ]
        self._stall_s = stall_s
        self._queues = queues
        self._clock = clock
        self._ticks = ticks
        self._seen: dict[Kind, tuple[bytes | None, float]] = {}
        self._lock = threading.Lock()

    def faults(self) -> list[str]:
        """A sentence for whatever stands still; a part that does not answer is one, too."""
        found: list[str] = []
        for still in (self._queues_still, self._lanes_still):
            try:
                found += still()
            except RedisError as error:
                found.append(f"the broker does not answer ({error})")
            except SQLAlchemyError as error:
                found.append(f"the journal does not answer ({away(error)})")
        return found

    def _queues_still(self) -> Iterator[str]:
        ticks = self._ticks()
        for kind, queued in look(self._redis, self._queues).items():
            since = self._waiting_since(kind, queued, ticks)
            if ticks - since >= self._stall_s:
                yield (
                    f"{kind}: {queued.items} items wait, and none was taken in for "
                    f"{ticks - since:.0f} s"
                )

    def _waiting_since(self, kind: Kind, queued: Queued, ticks: float) -> float:
        """Since when something waits with one mark; now, if nothing waited at the last look."""
        with self._lock:
            before = self._seen.pop(kind, None)
            if not queued.items:
                return ticks
            same = before is not None and before[0] == queued.released
            since = before[1] if before is not None and same else ticks
            self._seen[kind] = (queued.released, since)
            return since

    def _lanes_still(self) -> Iterator[str]:
        now = self._clock()
        for lane in late(self._engine, self._lanes, now, self._stall_s):
            waited_s = (now - lane.due_at).total_seconds()
            yield (
                f"{lane.vendor} {lane.kind}: reports are due for {waited_s:.0f} s, and nobody "
                "delivers"
            )


def look(redis: Redis, queues: Collection[Kind]) -> dict[Kind, Queued]:
    """What waits in these queues.

    The queues are read before the workers' names: what is taken meanwhile is counted once or twice,
    but never missed.
    """
    with redis.pipeline(transaction=False) as pipeline:
        for kind in queues:
            pipeline.get(RELEASED.format(queue=kind.value))
            pipeline.llen(kind.value)
        marks = pipeline.execute()
    names = [text(name) for name in redis.smembers(WORKERS)]
    found = {}
    for number, kind in enumerate(queues):
        released, waiting = marks[2 * number : 2 * number + 2]
        lists = [PROCESSING.format(queue=kind.value, worker=name) for name in names]
        found[kind] = Queued(waiting + sum(int(redis.llen(name)) for name in lists), released)
    return found
