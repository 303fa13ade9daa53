"""How long a safety warning is under way while nothing else is, and while everything else is.

The processes are those of docker-compose.yml: warnings have a worker of their own. Beside them
100,000 connectors' statuses are queued for two platforms, of which one never answers, neither to
statuses nor to warnings.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from functools import partial

from benchmarks.case import OURS, Case, Scale, Workload
from benchmarks.ground import Ground
from benchmarks.peers.given import status
from benchmarks.relay import Relay, city
from benchmarks.shelf import POSTGRES
from benchmarks.waiting import wait

IDLE = "idle"
BUSY = "100,000 statuses queued, another vendor hanging"
WARM = 20
PER_S = 25
SECONDS = 20


def relay(ground: Ground, statuses: int, warnings: int) -> Mapping[str, float]:
    """As deployed, on PostgreSQL."""
    asked = ground.vendor()
    vendors = {"city": city(asked), "silent": city(asked, "hang")}
    parts = Relay(ground, ground.journal(POSTGRES), vendors)
    parts.as_deployed()
    publish = [sys.executable, "-m", "benchmarks.publish", "safety-warning"]
    ground.push("connector-status", [json.dumps(status(number)) for number in range(statuses)])
    ground.run([*publish, str(WARM)])
    wait(lambda: asked.distinct("warning") >= WARM, "the workers are warm", 0.05)
    told_before = asked.distinct("status")
    asked.reset()
    ground.run([*publish, str(warnings), str(PER_S)])
    wait(lambda: asked.distinct("warning") >= warnings, "all warnings arrive", 0.05)
    left = statuses - told_before - asked.distinct("status")
    found = asked.ways("warning").percentiles()
    return {name: found[name] for name in ("p50", "p99")} | {"statuses left": left}


def cases(scale: Scale) -> Sequence[Case]:
    """The same warnings in both."""
    warnings = PER_S * scale.size(SECONDS, 8)
    return [
        Case(OURS, IDLE, partial(relay, statuses=0, warnings=warnings)),
        Case(OURS, BUSY, partial(relay, statuses=100_000, warnings=warnings)),
    ]


WORKLOAD = Workload(
    "Safety warnings, from publication to the vendor, PostgreSQL; vendor at 20 ms",
    {"p50": "ms", "p99": "ms", "statuses left": "statuses not told when the last warning was"},
    cases,
    by_contender=False,
)
