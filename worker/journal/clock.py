"""What time it is for the journal, and whether that time has jumped.

Leases and due times are compared across workers, so they must not depend on whose wall clock is
right: on PostgreSQL all workers go by the server's clock. SQLite is of one machine, and so is its
clock.
"""

import logging
import math
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, func, select
from sqlalchemy.exc import SQLAlchemyError

from worker.journal.engine import away, reading

log = logging.getLogger(__name__)

ASK_EVERY_S = 10.0
JUMP_S = 2.0


def _wall() -> datetime:
    return datetime.now(UTC)


class JournalClock:
    """Tells the time from any thread; between two questions to the server by monotonic time."""

    def __init__(
        self,
        engine: Engine,
        *,
        wall: Callable[[], datetime] = _wall,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self._wall = wall
        self._monotonic = monotonic
        self._asking = threading.Lock()
        self._asked_at = -math.inf
        self._base: tuple[datetime, float] | None = None

    def __call__(self) -> datetime:
        """Now. While the server is away, as it last said; before it ever said, the wall clock."""
        if self._engine.dialect.name == "sqlite":
            return self._wall()
        # Before the first answer everybody waits for it: what one thread wrote by the wall clock
        # would be due for the others when that clock says so.
        if self._old() and self._asking.acquire(blocking=self._base is None):
            try:
                if self._old():
                    self._ask()
            finally:
                self._asking.release()
        if self._base is None:
            return self._wall()
        said, at = self._base
        return said + timedelta(seconds=self._monotonic() - at)

    def _old(self) -> bool:
        return self._base is None or self._monotonic() - self._asked_at >= ASK_EVERY_S

    def _ask(self) -> None:
        before = self._asked_at = self._monotonic()
        try:
            with reading(self._engine) as connection:
                said: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
        except SQLAlchemyError as error:
            log.warning("the journal does not tell the time: %s", away(error))
            return
        self._base = (said.astimezone(UTC), (before + self._monotonic()) / 2)


def time_of(engine: Engine) -> datetime:
    """Now, by the journal's clock: for a command that asks once."""
    return JournalClock(engine)()


class Jumps:
    """A clock that notices when it jumps, against monotonic time; used from any thread."""

    def __init__(
        self, clock: Callable[[], datetime], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._last = (clock(), monotonic())
        self._ahead_at: float | None = None
        self._back_s = 0.0

    def __call__(self) -> datetime:
        """Now."""
        with self._lock:
            now, at = self._clock(), self._monotonic()
            last, self._last = self._last, (now, at)
            self._notice((now - last[0]).total_seconds() - (at - last[1]), at)
            return now

    def _notice(self, jump_s: float, at: float) -> None:
        if abs(jump_s) < JUMP_S:
            return
        log.warning("the clock has jumped by %.0f s", jump_s)
        if jump_s > 0:
            self._ahead_at = at
        else:
            self._back_s = max(self._back_s, -jump_s)

    def gone_back_s(self) -> float:
        """By how many seconds it has gone back since this was asked last; mostly 0."""
        with self._lock:
            back_s, self._back_s = self._back_s, 0.0
            return back_s

    def ahead_within(self, seconds: float) -> bool:
        """Whether it has jumped ahead so short a time ago."""
        ahead_at = self._ahead_at
        return ahead_at is not None and self._monotonic() - ahead_at < seconds
