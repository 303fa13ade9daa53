"""What the journal and the broker hold, looked at when somebody scrapes: nothing here can be stale.

A part that does not answer in time is said to have failed; it neither holds the scrape up nor takes
the other part's numbers, or the process's own, with it.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from queue import Empty, SimpleQueue

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from worker.journal.engine import away

log = logging.getLogger(__name__)

Look = Callable[[], Sequence[Metric]]


class Gauges(Collector):
    """The families of each part, and of each whether it could be looked at."""

    def __init__(self, parts: Mapping[str, Look], *, within_s: float) -> None:
        self._parts = {name: Within(look, within_s) for name, look in parts.items()}

    def collect(self) -> Iterator[Metric]:
        """Look at every part."""
        success = GaugeMetricFamily(
            "chargerelay_scrape_success", "1: this part could be looked at.", labels=["part"]
        )
        duration = GaugeMetricFamily(
            "chargerelay_scrape_duration_seconds", "How long the look took.", labels=["part"]
        )
        for name, look in self._parts.items():
            started = time.monotonic()
            try:
                families = look()
            except Exception as error:  # noqa: BLE001 whatever it is, the other numbers are there
                log.warning("the %s cannot be measured: %s", name, away(error))
                families = ()
                success.add_metric([name], 0)
            else:
                success.add_metric([name], 1)
            duration.add_metric([name], time.monotonic() - started)
            yield from families
        yield success
        yield duration


class Within:
    """Looks, one look at a time, and waits no longer than it may.

    A database that is frozen answers no timeout of its own. What hangs is left to a thread of
    its own until its connection gives up; meanwhile no further look is begun.
    """

    def __init__(self, look: Look, within_s: float) -> None:
        self._look = look
        self._within_s = within_s
        self._looking = threading.Lock()

    def __call__(self) -> Sequence[Metric]:
        """What was found.

        Raises:
            TimeoutError: nothing within the time.
            Exception: what the look raised.
        """
        end = time.monotonic() + self._within_s
        if not self._looking.acquire(timeout=self._within_s):
            raise TimeoutError("an earlier look has not ended yet")
        found: SimpleQueue[Sequence[Metric] | Exception] = SimpleQueue()
        threading.Thread(target=self._run, args=(found,), name="look", daemon=True).start()
        try:
            result = found.get(timeout=max(0.0, end - time.monotonic()))
        except Empty:
            raise TimeoutError(f"no answer within {self._within_s:g} s") from None
        if isinstance(result, Exception):
            raise result
        return result

    def _run(self, found: "SimpleQueue[Sequence[Metric] | Exception]") -> None:
        try:
            found.put(self._look())
        except Exception as error:  # noqa: BLE001 raised again by whoever waits
            found.put(error)
        finally:
            self._looking.release()
