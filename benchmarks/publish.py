"""A producer as there are many: `python -m benchmarks.publish KIND SIZE [PER_S]` pushes events."""

import json
import os
import sys
from collections.abc import Callable

from redis import Redis

from benchmarks.peers.given import mark, offered, record


def warning(number: int) -> dict[str, object]:
    """A risk of a connector of its own; a platform is told the connector, not the warningId."""
    own = mark(number)
    return {
        "warningId": own,
        "riskLevel": "high",
        "riskReason": "温度过高",
        "occurredAt": "2026-11-20 10:00:00",
        "operatorId": "395815801",
        "stationId": "S-001",
        "connectorId": own,
    }


MAKE: dict[str, Callable[[int], object]] = {"charge-record": record, "safety-warning": warning}

if __name__ == "__main__":
    kind, client = sys.argv[1], Redis.from_url(os.environ["BENCH_BROKER_URL"])
    for event_number in offered(sys.argv[2:]):
        client.lpush(kind, json.dumps(MAKE[kind](event_number)))
