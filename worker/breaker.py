"""Not asking a vendor that fails: opened on a failure rate, probed, closed by one good answer.

The rate is what one process sees; that the breaker is open is written where all workers read it.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Engine

from config.settings import Settings
from worker.journal import gates
from worker.outcomes import Outcome, TryLater, Unclear

log = logging.getLogger(__name__)


class FailureRate:
    """Counts calls and failures over a sliding window of seconds."""

    def __init__(
        self, *, window_s: float, min_calls: int, rate: float, clock: Callable[[], float]
    ) -> None:
        self._window_s = window_s
        self._min_calls = min_calls
        self._rate = rate
        self._clock = clock
        self._calls: deque[tuple[float, bool]] = deque(maxlen=max(1000, min_calls))
        self._lock = threading.Lock()

    def count(self, *, failed: bool) -> None:
        """Count one call."""
        with self._lock:
            self._calls.append((self._clock(), failed))

    def too_high(self) -> bool:
        """Whether enough calls were made and too many of them failed."""
        since = self._clock() - self._window_s
        with self._lock:
            while self._calls and self._calls[0][0] < since:
                self._calls.popleft()
            calls, failures = len(self._calls), sum(failed for _, failed in self._calls)
        return calls >= self._min_calls and failures >= self._rate * calls

    def forget(self) -> None:
        """Begin anew."""
        with self._lock:
            self._calls.clear()


class Breaker:
    """The breaker of one vendor, shared by its lanes."""

    def __init__(
        self, engine: Engine, vendor: str, settings: Settings, clock: Callable[[], float]
    ) -> None:
        self._engine = engine
        self._vendor = vendor
        self._waits_s = settings.breaker_open_s
        self._rate = FailureRate(
            window_s=settings.breaker_window_s,
            min_calls=settings.breaker_min_calls,
            rate=settings.breaker_failure_rate,
            clock=clock,
        )

    def count(self, outcome: Outcome) -> None:
        """Count one try. A vendor that asks us to wait is busy, not broken."""
        if not (isinstance(outcome, TryLater) and outcome.after_s is not None):
            self._rate.count(failed=failed(outcome))

    def judge(self, outcomes: Sequence[Outcome], gate: gates.Gate, now: datetime) -> None:
        """Open on too high a rate or a failed probe; close on a good probe."""
        bad = [outcome for outcome in outcomes if failed(outcome)]
        if gate.probing and outcomes and not bad:
            gates.close_breaker(self._engine, self._vendor)
            self._rate.forget()
            log.warning("%s is well again", self._vendor)
        elif bad and (gate.probing or self._rate.too_high()):
            step = gate.breaker_step + 1
            until = now + timedelta(seconds=self._waits_s[min(step, len(self._waits_s)) - 1])
            why = bad[-1].reason
            gates.open_breaker(self._engine, self._vendor, step=step, until=until, why=why)
            self._rate.forget()
            log.warning("%s fails (%s); next probe %s", self._vendor, why, until.isoformat())


def failed(outcome: Outcome) -> bool:
    """Whether the vendor did not do its work: a refusal is an answer, silence is not."""
    return isinstance(outcome, (TryLater, Unclear))
