"""One event of each kind, from an application that has Celery: `pip install "celery[redis]"`."""

import json
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from celery import Celery
from kombu.exceptions import OperationalError
from redis import RedisError

NOW = datetime.now(UTC)
EVENTS = {
    "connector-status": {
        "operatorId": "395815801",
        "connectorId": "C-007",
        "status": 1,
        "updateTime": NOW.isoformat(),
    },
    "charge-record": {
        "orderNo": f"CE-{NOW:%Y%m%d%H%M%S%f}",
        "operatorId": "395815801",
        "stationId": "S-001",
        "connectorId": "C-007",
        "startTime": (NOW - timedelta(minutes=45)).isoformat(),
        "endTime": NOW.isoformat(),
        "power": "12.30",  # kWh
        "totalMoney": "15.00",  # yuan
    },
    "safety-warning": {
        "warningId": f"CE-{NOW:%Y%m%d%H%M%S%f}",
        "riskLevel": "high",
        "occurredAt": NOW.isoformat(),
        "connectorId": "C-007",
        "riskReason": "smoke",
    },
}
TASKS = {
    "connector-status": "tasks.connector_status",
    "charge-record": "tasks.charge_record",
    "safety-warning": "tasks.safety_warning",
}

app = Celery("producer", broker=os.environ["RELAY_BROKER_URL"])
app.conf.update(
    task_serializer="json",
    task_ignore_result=True,
    broker_transport_options={
        "socket_connect_timeout": 3,
        "socket_timeout": 5,
        "priority_steps": [0],  # a list for each priority would be one that nobody reads
    },
    # What is sent again after a lost answer is a duplicate, and told once.
    task_publish_retry_policy={"max_retries": 3, "interval_start": 0.1, "interval_step": 0.2},
)


def publish(kind: str, event: dict[str, object]) -> bool:
    """Send an event; what the broker does not take is kept in unsent.jsonl."""
    try:
        app.send_task(TASKS[kind], [event], queue=kind)
    except (OperationalError, RedisError) as fault:  # away, full, or the login is wrong
        with Path("unsent.jsonl").open("a", encoding="utf-8") as unsent:
            unsent.write(json.dumps({"kind": kind} | event, ensure_ascii=False) + "\n")
        sys.stderr.write(f"{kind} is kept in unsent.jsonl: {fault}\n")
        return False
    return True


kept = [kind for kind, event in EVENTS.items() if not publish(kind, event)]
if kept:
    sys.exit(f"not published: {', '.join(kept)}; later: chargerelay publish unsent.jsonl")
