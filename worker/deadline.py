"""Ending what takes too long: one thread that waits for many deadlines."""

import heapq
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Deadlines:
    """Calls back when a block is not left in time.

    A socket's own time limit begins anew with every byte (psf/requests#2228); a vendor that drips
    could hold a thread for hours, and the lease of what it sends would run out.
    """

    def __init__(self) -> None:
        self._waiting: list[tuple[float, int]] = []
        self._lates: dict[int, Callable[[], None]] = {}
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    @contextmanager
    def within(self, seconds: float, late: Callable[[], None]) -> Iterator[None]:
        """Call `late`, from another thread, if the block lasts longer."""
        number = next(self._numbers)
        with self._changed:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="deadlines", daemon=True)
                self._thread.start()
            self._lates[number] = late
            heapq.heappush(self._waiting, (time.monotonic() + seconds, number))
            if self._waiting[0][1] == number:
                self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                self._lates.pop(number, None)

    def _run(self) -> None:
        while True:
            with self._changed:  # kept meanwhile: a block that has been left is left alone
                self._next()()

    def _next(self) -> Callable[[], None]:
        """Wait for the next deadline whose block has not been left."""
        while True:
            while self._waiting and self._waiting[0][1] not in self._lates:
                heapq.heappop(self._waiting)
            if not self._waiting:
                self._changed.wait()
                continue
            left = self._waiting[0][0] - time.monotonic()
            if left > 0:
                self._changed.wait(left)
                continue
            return self._lates.pop(heapq.heappop(self._waiting)[1])
