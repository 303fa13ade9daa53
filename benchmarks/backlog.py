"""What a backlog costs: the drain rate and the worker's peak memory by reports that wait."""

from collections.abc import Mapping, Sequence
from functools import partial

from benchmarks.case import OURS, Case, Scale, Workload
from benchmarks.draining import window_rate
from benchmarks.filling import VENDOR, Filling
from benchmarks.ground import Ground
from benchmarks.processes import peak_mb
from benchmarks.relay import Relay, gate
from benchmarks.shelf import POSTGRES, SQLITE

WAITING = (10_000, 100_000, 1_000_000)
SECONDS = 20


def setting(database: str, waiting: int) -> str:
    """As the results name it."""
    return f"{waiting:,} reports waiting, {database}"


def relay(ground: Ground, database: str, waiting: int, seconds: int) -> Mapping[str, float]:
    """One worker; the clock finds what waits."""
    asked = ground.vendor()
    journal = ground.journal(database, Filling(waiting=waiting))
    parts = Relay(ground, journal, {VENDOR: gate(asked)})
    parts.beat()
    worker = parts.worker()
    rate = window_rate(asked, waiting, seconds)
    again = asked.stats()["record"]["repeats"]
    return {"rate": rate, "peak memory": peak_mb(worker), "told again": again}


def cases(scale: Scale) -> Sequence[Case]:
    """Each size on each database."""
    seconds = scale.size(SECONDS, 4)
    return [
        Case(
            OURS,
            setting(database, waiting),
            partial(relay, database=database, waiting=waiting, seconds=seconds),
        )
        for database in (SQLITE, POSTGRES)
        for waiting in (WAITING[:2] if scale.quick else WAITING)
    ]


WORKLOAD = Workload(
    "Backlog: charge records that wait in the journal, one request each, vendor at 20 ms",
    {"rate": "records/s", "peak memory": "MB", "told again": "records"},
    cases,
    by_contender=False,
)
