"""How fast 5,000 connectors' statuses reach a city's platform."""

import json
from collections.abc import Mapping, Sequence
from functools import partial

from benchmarks.case import OURS, Case, Scale, Workload
from benchmarks.ground import Ground
from benchmarks.peers.given import status
from benchmarks.processes import PEERS
from benchmarks.relay import Relay, city
from benchmarks.shelf import SQLITE

CONNECTORS = 5000
SETTING = "20 ms"
CELERY = "Celery, threads -c 32, a request a status"


def relay(ground: Ground, size: int) -> Mapping[str, float]:
    """Our worker, through the list call."""
    asked = ground.vendor()
    vendors = {"city": city(asked) | {"takes": ["connector-status"]}}
    parts = Relay(ground, ground.journal(SQLITE), vendors)
    ground.push("connector-status", [json.dumps(status(number)) for number in range(size)])
    parts.beat()
    parts.worker()
    return asked.rate("status", size)


def celery(ground: Ground, size: int) -> Mapping[str, float]:
    """A task and a request for each."""
    asked, module = ground.vendor(), "benchmarks.peers.celery_statuses"
    ground.run([PEERS, "-m", module, str(size)])
    words = ["worker", "-P", "threads", "-c", "32", "--without-gossip", "--without-mingle"]
    command = [PEERS, "-m", "celery", "-A", module, *words]
    ground.start(command, BENCH_URL=f"{asked.url}/20/city")
    return asked.rate("status", size)


def cases(scale: Scale) -> Sequence[Case]:
    """Both with as many connectors; it is a list call's nature that ours is soon over."""
    size = scale.size(CONNECTORS, 2000)
    return [
        Case(OURS, SETTING, partial(relay, size=size)),
        Case(CELERY, SETTING, partial(celery, size=size)),
    ]


WORKLOAD = Workload(
    "Statuses of 5,000 connectors", {"rate": "statuses/s", "told again": "statuses"}, cases
)
