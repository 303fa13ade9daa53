"""One event of each kind, from Python: `pip install redis`."""

import json
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from redis import Redis, RedisError
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

NOW = datetime.now(UTC)
EVENTS = {
    "connector-status": {
        "operatorId": "395815801",
        "connectorId": "C-007",
        "status": 1,
        "updateTime": NOW.isoformat(),
    },
    "charge-record": {
        "orderNo": f"PY-{NOW:%Y%m%d%H%M%S%f}",
        "operatorId": "395815801",
        "stationId": "S-001",
        "connectorId": "C-007",
        "startTime": (NOW - timedelta(minutes=45)).isoformat(),
        "endTime": NOW.isoformat(),
        "power": "12.30",  # kWh
        "totalMoney": "15.00",  # yuan
    },
    "safety-warning": {
        "warningId": f"PY-{NOW:%Y%m%d%H%M%S%f}",
        "riskLevel": "high",
        "occurredAt": NOW.isoformat(),
        "connectorId": "C-007",
        "riskReason": "smoke",
    },
}

broker = Redis.from_url(
    os.environ["RELAY_BROKER_URL"],
    socket_connect_timeout=3,
    socket_timeout=5,
    # What is pushed again after a lost answer is a duplicate, and told once.
    retry=Retry(ExponentialBackoff(base=0.1, cap=1), 3),
)


def publish(kind: str, event: dict[str, object]) -> bool:
    """Push an event; what the broker does not take is kept in unsent.jsonl."""
    try:
        length = broker.lpush(kind, json.dumps(event, ensure_ascii=False))
        if length >= 1:
            return True
        fault: object = f"LPUSH answered {length}"
    except RedisError as error:  # away, full, or the login is wrong
        fault = error
    with Path("unsent.jsonl").open("a", encoding="utf-8") as unsent:
        unsent.write(json.dumps({"kind": kind} | event, ensure_ascii=False) + "\n")
    sys.stderr.write(f"{kind} is kept in unsent.jsonl: {fault}\n")
    return False


kept = [kind for kind, event in EVENTS.items() if not publish(kind, event)]
if kept:
    sys.exit(f"not published: {', '.join(kept)}; later: chargerelay publish unsent.jsonl")
