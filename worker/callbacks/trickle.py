"""At most so many a minute: what a flood must not fill the disk with."""

import threading
from collections.abc import Callable
from datetime import datetime


class Trickle:
    """Counts within each minute of the clock, from any thread."""

    def __init__(self, per_minute: int, clock: Callable[[], datetime]) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._minute: datetime | None = None
        self._taken = 0
        self._lock = threading.Lock()

    def take(self) -> bool:
        """Whether one more is within this minute's share."""
        minute = self._clock().replace(second=0, microsecond=0)
        with self._lock:
            if minute != self._minute:
                self._minute, self._taken = minute, 0
            self._taken += 1
            return self._taken <= self._per_minute
