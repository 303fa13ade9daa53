"""A dramatiq actor that pushes one record a message; its broker acknowledges what is done."""

import os
import sys

import dramatiq
from dramatiq.brokers.redis import RedisBroker

from benchmarks.peers import gate
from benchmarks.peers.given import offered, record

dramatiq.set_broker(RedisBroker(url=os.environ["BENCH_BROKER_URL"]))


@dramatiq.actor(max_retries=None, min_backoff=1000)  # type: ignore[untyped-decorator]
def push(event: dict[str, str]) -> None:
    """Tell the gate about one record."""
    gate.push_once(event)


if __name__ == "__main__":
    for number in offered(sys.argv[1:]):
        push.send(record(number))
