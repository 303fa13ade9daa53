"""What `chargerelay doctor` says of work that nobody does; `/healthz` says the same over time."""

import time
from collections.abc import Callable, Iterator

from redis import Redis

from worker.cli.checks import Finding, failed, ok
from worker.deployment import Deployment
from worker.events import Kind
from worker.policies import policies
from worker.roster import Roster
from worker.standstill import Watch, look

PATIENCE_S, EVERY_S = 5.0, 0.25
REMEDY = "see the log of the workers, and that a worker and beat are running"


def standing_still(
    deployment: Deployment, roster: Roster, *, sleep: Callable[[float], None] = time.sleep
) -> Iterator[Finding]:
    """Queues of which nothing is taken while we look, and lanes that nobody delivers."""
    parts = deployment
    watch = Watch(
        parts.engine,
        parts.redis,
        roster,
        policies(parts.settings),
        stall_s=parts.settings.stall_s,
        queues=(),
        clock=parts.clock,
    )
    faults = [*_queues(parts.redis, sleep), *watch.faults()]
    for fault in faults:
        yield failed("work", fault, REMEDY)
    if not faults:
        yield ok("work", "what waits is taken and delivered")


def _queues(redis: Redis, sleep: Callable[[float], None]) -> Iterator[str]:
    """A worker takes several times a second; we look only as long as nothing moves."""
    before = look(redis, tuple(Kind))
    still = {kind for kind, queued in before.items() if queued.items}
    for _ in range(round(PATIENCE_S / EVERY_S)):
        if not still:
            return
        sleep(EVERY_S)
        now = look(redis, tuple(still))
        still = {k for k in still if now[k].items and now[k].released == before[k].released}
    for kind in sorted(still):
        yield f"{kind}: {before[kind].items} items wait, and none was taken in for {PATIENCE_S:g} s"
