"""Ending what takes too long: one thread that looks after the deadlines of all the others."""

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from weakref import WeakMethod, WeakSet

LOOK_EVERY_S = 0.05


class Deadline:
    """Calls back when a block is not left in time; for one thread, again and again.

    A socket's own time limit begins anew with every byte (psf/requests#2228); a vendor that drips
    could hold a thread for hours, and the lease of what it sends would run out.
    """

    def __init__(self, late: Callable[[], None]) -> None:
        """`late` is a method, and does not keep its object alive."""
        self._late = WeakMethod(late)
        self._end = math.inf
        self._lock = threading.Lock()
        WATCH.add(self)

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Call `late` once, from another thread, if the block lasts longer."""
        self._end = time.monotonic() + seconds
        WATCH.begin()
        try:
            yield
        finally:
            with self._lock:
                self._end = math.inf

    def running(self) -> bool:
        """Whether the block is still on, in time; it is ended when it is not."""
        if self._end < time.monotonic():
            with self._lock:  # a block that has been left meanwhile is left alone
                if self._end < time.monotonic():
                    self._end = math.inf
                    if late := self._late():
                        late()
        return self._end < math.inf


class _Watch:
    """Looks at every deadline while there is one; no thread that sends waits for another."""

    def __init__(self) -> None:
        self._deadlines: WeakSet[Deadline] = WeakSet()
        self._adding = threading.Lock()
        self._some = threading.Event()
        self._thread: threading.Thread | None = None

    def add(self, deadline: Deadline) -> None:
        with self._adding:
            self._deadlines.add(deadline)

    def begin(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            with self._adding:
                if self._thread is None or not self._thread.is_alive():
                    self._thread = threading.Thread(target=self._run, name="deadlines", daemon=True)
                    self._thread.start()
        if not self._some.is_set():
            self._some.set()

    def _run(self) -> None:
        while True:
            self._some.wait()
            self._some.clear()
            while self._any_running():
                time.sleep(LOOK_EVERY_S)

    def _any_running(self) -> bool:
        with self._adding:
            deadlines = list(self._deadlines)
        return sum(deadline.running() for deadline in deadlines) > 0


WATCH = _Watch()
