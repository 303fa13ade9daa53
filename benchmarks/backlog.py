"""What a backlog costs: the drain rate and the worker's peak memory by reports that wait."""

import json
from collections.abc import Mapping, Sequence
from functools import partial

from benchmarks.asking import Asked
from benchmarks.case import OURS, Case, Scale, Workload
from benchmarks.draining import window_rate
from benchmarks.filling import VENDOR, Filling
from benchmarks.ground import Ground
from benchmarks.peers.given import record
from benchmarks.processes import peak_mb
from benchmarks.relay import Relay, gate
from benchmarks.shelf import POSTGRES, SQLITE

WAITING = (10_000, 100_000, 1_000_000)
LISTED = (100_000, 1_000_000)
SECONDS = 20


def setting(database: str, waiting: int) -> str:
    """As the results name it."""
    return f"{waiting:,} reports waiting, {database}"


def listed(items: int) -> str:
    """As the results name it."""
    return f"{items:,} items in the broker's list, {SQLITE}"


def relay(ground: Ground, database: str, waiting: int, seconds: int) -> Mapping[str, float]:
    """One worker; the clock finds what waits."""
    asked = ground.vendor()
    journal = ground.journal(database, Filling(waiting=waiting))
    parts = Relay(ground, journal, {VENDOR: gate(asked)})
    return _drained(parts, asked, waiting, seconds)


def from_the_list(ground: Ground, items: int, seconds: int) -> Mapping[str, float]:
    """One worker takes them and tells them at the same time."""
    asked = ground.vendor()
    parts = Relay(ground, ground.journal(SQLITE), {VENDOR: gate(asked)})
    ground.push("charge-record", (json.dumps(record(number)) for number in range(items)))
    return _drained(parts, asked, items, seconds)


def _drained(parts: Relay, asked: Asked, waiting: int, seconds: int) -> Mapping[str, float]:
    parts.beat()
    worker = parts.worker()
    rate = window_rate(asked, waiting, seconds)
    again = asked.stats()["record"]["repeats"]
    return {"rate": rate, "peak memory": peak_mb(worker), "told again": again}


def cases(scale: Scale) -> Sequence[Case]:
    """Each size on each database, and in the list from which the worker takes."""
    seconds = scale.size(SECONDS, 4)
    in_the_list = [
        Case(OURS, listed(items), partial(from_the_list, items=items, seconds=seconds))
        for items in (LISTED[:1] if scale.quick else LISTED)
    ]
    return in_the_list + [
        Case(
            OURS,
            setting(database, waiting),
            partial(relay, database=database, waiting=waiting, seconds=seconds),
        )
        for database in (SQLITE, POSTGRES)
        for waiting in (WAITING[:2] if scale.quick else WAITING)
    ]


WORKLOAD = Workload(
    "Backlog: charge records that wait, one request each, vendor at 20 ms",
    {"rate": "records/s", "peak memory": "MB", "told again": "records"},
    cases,
    by_contender=False,
)
