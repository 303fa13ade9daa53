"""Moving items out of a queue atomically, and letting go of them once they are journalled.

Celery's own way, a pop and then a note of what was popped, loses what is between the two when the
worker is killed (celery#4354, celery#7950).

A taken batch stands in a processing list beside its id until it is released. Whoever takes again,
the worker itself after a restart or another that adopts its list, gets the same items with the
same id, so that the journal accepts them once.
"""

from dataclasses import dataclass

from redis import Redis

from worker.broker import BATCH, PROCESSING, RELEASED

TAKE = """
local items = redis.call('LRANGE', KEYS[2], 0, -1)
local batch = redis.call('GET', KEYS[3])
if batch and #items > 0 then return {batch, items} end
-- A full Redis lets a script move and set only once it has written, and deleting is never refused:
-- without this a backlog that fills the memory could not be taken, and would stay there for ever.
redis.call('DEL', KEYS[3])
local bytes = 0
for _, item in ipairs(items) do bytes = bytes + #item end
while #items < tonumber(ARGV[2]) and bytes < tonumber(ARGV[3]) do
  local item = redis.call('LMOVE', KEYS[1], KEYS[2], 'RIGHT', 'RIGHT')
  if not item then break end
  items[#items + 1] = item
  bytes = bytes + #item
end
if #items == 0 then return false end
redis.call('SET', KEYS[3], ARGV[1])
return {ARGV[1], items}
"""

RELEASE = """
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1], KEYS[2])
redis.call('SET', KEYS[3], ARGV[1])
return 1
"""


@dataclass(frozen=True, slots=True)
class Batch:
    """Items held in a processing list, in the order in which they were published."""

    id: str
    items: list[bytes]


class Taker:
    """Takes from one queue into the processing list of one worker."""

    def __init__(
        self, redis: Redis, queue: str, worker: str, *, max_items: int, max_bytes: int
    ) -> None:
        self._redis = redis
        self._queue = queue
        self._held = PROCESSING.format(queue=queue, worker=worker)
        self._batch = BATCH.format(queue=queue, worker=worker)
        self._released = RELEASED.format(queue=queue)
        self._max_items = max_items
        self._max_bytes = max_bytes
        self._take = redis.register_script(TAKE)
        self._release = redis.register_script(RELEASE)

    def take(self, new_id: str) -> Batch | None:
        """The held batch, or else a new one under the given id; None when there is nothing."""
        return self._taken([new_id, self._max_items, self._max_bytes])

    def take_held(self, new_id: str) -> Batch | None:
        """Only what the processing list holds already, under its own id or the given one."""
        return self._taken([new_id, 0, 0])

    def wait(self, seconds: int) -> None:
        """Return once something is there to take, or after that time; moves nothing.

        The queue's last item is put where it was: only the script moves, together with the id.
        """
        self._redis.blmove(self._queue, self._queue, seconds, "RIGHT", "RIGHT")

    def release(self, batch: Batch) -> bool:
        """Let go of a batch; False if it had been released by another already."""
        keys = [self._held, self._batch, self._released]
        return bool(self._release(keys=keys, args=[batch.id]))

    def _taken(self, args: list[str | int]) -> Batch | None:
        answer = self._take(keys=[self._queue, self._held, self._batch], args=args)
        if answer is None:
            return None
        batch_id, items = answer
        return Batch(batch_id.decode(), items)
