"""What the vendor has heard, asked from outside."""

import http.client
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import quantiles
from typing import Any

from benchmarks.waiting import wait

LOOK_S = 0.05


@dataclass(frozen=True, slots=True)
class Ways:
    """When each event was published and when it arrived first, in ns of the monotonic clock."""

    times: Sequence[tuple[int, int]]

    @property
    def latencies_ms(self) -> list[float]:
        """From the one to the other."""
        return [(arrived - published) / 1e6 for published, arrived in self.times]

    @property
    def offered(self) -> float:
        """Events a second, as they were published."""
        published = [published for published, _ in self.times]
        return (len(published) - 1) / (max(published) - min(published)) * 1e9

    def percentiles(self) -> dict[str, float]:
        """p50, p95 and p99 in ms."""
        cuts = quantiles(self.latencies_ms, n=100, method="inclusive")
        return {"p50": cuts[49], "p95": cuts[94], "p99": cuts[98]}


class Asked:
    """A client of the vendor's own pages; `check` raises once nothing more can be heard."""

    def __init__(self, port: int, check: Callable[[], None] = lambda: None) -> None:
        self.port = port
        self._check = check
        self.url = f"http://127.0.0.1:{port}"

    def stats(self, size: int = 0) -> dict[str, Any]:
        """Counts; with a size, the rate from its first tenth to its last, once that is there."""
        found: dict[str, Any] = self._get(f"/_stats?size={size}")
        return found

    def distinct(self, kind: str) -> int:
        """How many different ones arrived."""
        self._check()
        return int(self.stats()[kind]["distinct"])

    def rate(self, kind: str, size: int) -> dict[str, float]:
        """Wait for so many different ones; items a second, and how many were told again."""
        wait(lambda: self.distinct(kind) >= size, f"{size} of {kind} arrive", LOOK_S)
        stats = self.stats(size)
        if stats["wrong_signs"]:
            raise ValueError(f"{stats['wrong_signs']} wrong signs")
        return {
            "rate": float(stats[kind]["rate_per_s"]),
            "told again": float(stats[kind]["repeats"]),
        }

    def ways(self, kind: str) -> Ways:
        """Of each event that says when it was published."""
        return Ways(self._get(f"/_ways?of={kind}"))

    def reset(self) -> None:
        """Forget everything."""
        self._get("/_reset")

    def _get(self, target: str) -> Any:  # noqa: ANN401 JSON
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            line.request("GET", target)
            return json.loads(line.getresponse().read())
        finally:
            line.close()
