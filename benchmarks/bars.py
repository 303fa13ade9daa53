"""What the measurements must come to, and whether they do."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from benchmarks import backlog, history, intake, latency, prune, push, statuses, urgent
from benchmarks.case import OURS
from benchmarks.results import Results, median
from benchmarks.shelf import POSTGRES, SQLITE

Value = Callable[[Results], float]


@dataclass(frozen=True, slots=True)
class Bar:
    """A ratio and its limit.

    Attributes:
        value: the ratio; raises LookupError where a part of it was not measured.
        at_least: the limit is the least that will do; else it is the most.
    """

    what: str
    value: Value
    limit: float
    at_least: bool = True

    def measured(self, results: Results) -> float | None:
        """The ratio of two medians; None if one of them was not measured."""
        try:
            return self.value(results)
        except (LookupError, ZeroDivisionError):
            return None

    def met(self, ratio: float) -> bool:
        """Whether it will do."""
        return ratio >= self.limit if self.at_least else ratio <= self.limit

    @property
    def wanted(self) -> str:
        """The limit as it is read."""
        return f"{'≥' if self.at_least else '≤'} {self.limit:g} ×"


Place = tuple[str, str, str, str]


def ratio(results: Results, over: Place, under: Place) -> float:
    """Of two medians, each by workload, contender, setting and measure."""
    return median(results, *over) / median(results, *under)


def apart(results: Results, places: Iterable[Place]) -> float:
    """The largest of some medians to the smallest."""
    found = [median(results, *place) for place in places]
    return max(found) / min(found)


def _against(workload: str, setting: str, peer: str, ours: str = OURS) -> Value:
    over = (workload, ours, setting, "rate")
    return partial(ratio, over=over, under=(workload, peer, setting, "rate"))


def _settings(workload: str, measure: str, over: str, under: str) -> Value:
    return partial(
        ratio,
        over=(workload, OURS, over, measure),
        under=(workload, OURS, under, measure),
    )


BARS = [
    Bar(
        "intake, events/s, one worker, SQLite, to one Celery task an event",
        _against("intake", SQLITE, intake.CELERY),
        30,
    ),
    Bar("the same to the bare loop", _against("intake", SQLITE, intake.BARE), 0.5),
    Bar(
        "charge records, one request each, 20 ms, to Celery threads -c 32 with requests",
        _against("push", "20 ms", push.THREADS),
        3.5,
    ),
    Bar(
        "the same to dramatiq 2 × 32, two workers to its two",
        _against("push", "20 ms", push.DRAMATIQ, push.BOTH),
        2,
    ),
    Bar(
        "statuses through the list call, to Celery threads with one request an event",
        _against("statuses", statuses.SETTING, statuses.CELERY),
        20,
    ),
    Bar(
        "publish → vendor has it, p95 at 200/s and at 1000/s, the larger to the smaller",
        partial(apart, places=[("latency", OURS, latency.setting(r), "p95") for r in (200, 1000)]),
        2,
        at_least=False,
    ),
    Bar(
        "safety warning p99, with 100,000 statuses queued and a vendor hanging, to idle",
        _settings("urgent", "p99", urgent.BUSY, urgent.IDLE),
        2,
        at_least=False,
    ),
    *(
        Bar(
            f"drain rate with 1,000,000 settled rows behind, to 10,000, {database}",
            _settings(
                "history",
                "rate",
                history.setting(database, 1_000_000),
                history.setting(database, 10_000),
            ),
            0.9,
        )
        for database in (SQLITE, POSTGRES)
    ),
    *(
        Bar(
            f"drain rate while a million old rows are pruned, to nothing pruned, {database}",
            partial(
                ratio,
                over=("prune", f"{OURS}, {database}", prune.PRUNED, "rate"),
                under=("prune", f"{OURS}, {database}", prune.CALM, "rate"),
            ),
            0.95,
        )
        for database in (SQLITE, POSTGRES)
    ),
    *(
        Bar(
            f"worker's peak memory with 1,000,000 reports waiting, to 10,000, {database}",
            _settings(
                "backlog",
                "peak memory",
                backlog.setting(database, 1_000_000),
                backlog.setting(database, 10_000),
            ),
            1.3,
            at_least=False,
        )
        for database in (SQLITE, POSTGRES)
    ),
]
