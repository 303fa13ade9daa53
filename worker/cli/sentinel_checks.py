"""What `chargerelay doctor` says of the sentinels, before the day on which they are needed."""

from collections.abc import Iterator

from redis import Redis
from redis.exceptions import RedisError

from worker import sentinels
from worker.cli.checks import Finding, ok, warning
from worker.deployment import Deployment


def sentinels_and_replicas(deployment: Deployment) -> Iterator[Finding]:
    """Whether all answer and could agree on another master, and whether there is one to be."""
    asked = sentinels.behind(deployment.redis)
    if not asked:
        return
    faults = [f for one in asked if (f := _fault(one, deployment.settings.broker_master))]
    yield from faults
    if not faults:
        yield ok("sentinels", f"all {len(asked)} answer, and could agree on another master")
    replicas = deployment.redis.info("replication")["connected_slaves"]
    if replicas:
        yield ok("replicas", f"{replicas} of the master")
    else:
        yield warning("replicas", "the master has none that could take its place", "start one")


def _fault(sentinel: Redis, master: str) -> Finding | None:
    """Why one of them would be of no use."""
    try:
        sentinel.sentinel_ckquorum(master)
    except RedisError as error:
        at = sentinel.connection_pool.connection_kwargs
        return warning(
            "sentinels",
            f"of no use is the one at {at['host']}:{at['port']} ({error})",
            "see that a majority of them runs and can reach each other",
        )
    return None
