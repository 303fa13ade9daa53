"""What forgetting costs those who deliver: the drain rate while old rows are pruned."""

import sys
from collections.abc import Mapping, Sequence
from functools import partial

from benchmarks.case import OURS, Case, Scale, Workload
from benchmarks.draining import window_rate
from benchmarks.filling import VENDOR, Filling
from benchmarks.ground import Ground
from benchmarks.relay import Relay, gate
from benchmarks.shelf import POSTGRES, SQLITE

WAITING = 60_000
OLDER_THAN_KEPT_DAYS = 500
SECONDS = 15
PRUNED, CALM = "old rows pruned meanwhile", "nothing pruned"
PRUNE = """
from config import settings
from worker.deployment import Deployment
from worker.journal.prune import prune
parts = Deployment(settings.load())
while prune(parts.engine, parts.settings, parts.clock()):
    pass
"""


def relay(
    ground: Ground, database: str, old: int, seconds: int, *, pruning: bool
) -> Mapping[str, float]:
    """One worker drains; another process prunes without a pause, all the while."""
    asked = ground.vendor()
    filling = Filling(settled=old, waiting=WAITING, age_days=OLDER_THAN_KEPT_DAYS)
    parts = Relay(ground, ground.journal(database, filling), {VENDOR: gate(asked)})
    parts.beat()
    if not pruning:
        parts.worker()
        return {"rate": window_rate(asked, WAITING, seconds)}
    parts.workers(1)
    pruner = ground.processes.start([sys.executable, "-c", PRUNE], **parts.environment)
    rate = window_rate(asked, WAITING, seconds)
    if pruner.poll() is not None:
        raise ValueError(f"the pruning ended with {pruner.returncode} before the window did")
    return {"rate": rate}


def cases(scale: Scale) -> Sequence[Case]:
    """Without and with, on each database."""
    old, seconds = scale.size(1_000_000, 200_000), scale.size(SECONDS, 4)
    return [
        Case(
            f"{OURS}, {database}",
            PRUNED if pruning else CALM,
            partial(relay, database=database, old=old, seconds=seconds, pruning=pruning),
        )
        for database in (SQLITE, POSTGRES)
        for pruning in (False, True)
    ]


WORKLOAD = Workload(
    "Pruning: the drain rate of charge records meanwhile, vendor at 20 ms",
    {"rate": "records/s"},
    cases,
    by_contender=False,
)
