"""What more worker processes bring: the push of charge records with one, two and four of them."""

import json
from collections.abc import Mapping, Sequence
from functools import partial

from benchmarks.case import OURS, Case, Scale, Workload
from benchmarks.ground import Ground
from benchmarks.peers.given import record
from benchmarks.relay import Relay, gate
from benchmarks.shelf import POSTGRES, SQLITE

WORKERS = (1, 2, 4)


def relay(ground: Ground, database: str, workers: int, size: int) -> Mapping[str, float]:
    """The workers wait, then all is published."""
    asked = ground.vendor()
    parts = Relay(ground, ground.journal(database), {"gate": gate(asked)})
    parts.beat()
    parts.workers(workers)
    ground.push("charge-record", [json.dumps(record(number)) for number in range(size)])
    return asked.rate("record", size)


def cases(scale: Scale) -> Sequence[Case]:
    """Each number of workers on each database."""
    size = scale.size(8000, 1000)
    return [
        Case(
            f"{OURS}, {database}",
            "1 worker" if workers == 1 else f"{workers} workers",
            partial(relay, database=database, workers=workers, size=size),
        )
        for database in (SQLITE, POSTGRES)
        for workers in WORKERS
    ]


WORKLOAD = Workload(
    "Charge records by number of worker processes, vendor at 20 ms",
    {"rate": "records/s", "told again": "records"},
    cases,
    by_contender=False,
)
