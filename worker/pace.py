"""Keeping a vendor's rate limit: requests of one worker are spaced out evenly."""

import threading
from collections.abc import Callable


class Pace:
    """Hands out moments to send at, at most `rate_per_s` a second; None sets no limit."""

    def __init__(
        self,
        rate_per_s: float | None,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], object],
    ) -> None:
        self._gap_s = 1 / rate_per_s if rate_per_s else 0.0
        self._clock = clock
        self._sleep = sleep
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Sleep until this caller's turn."""
        if not self._gap_s:
            return
        with self._lock:
            now = self._clock()
            turn = max(now, self._next)
            self._next = turn + self._gap_s
        if turn > now:
            self._sleep(turn - now)
