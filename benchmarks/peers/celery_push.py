"""A Celery worker that pushes one record a task, with requests and autoretry."""

import hashlib
import os
import sys
import threading

import requests
from celery import Celery

from benchmarks.intake import record

app = Celery("peer", broker=os.environ.get("BENCH_BROKER_URL"))
app.conf.update(task_acks_late=True, task_ignore_result=True, worker_prefetch_multiplier=4)
_local = threading.local()


def signed(event: dict[str, object]) -> dict[str, str]:
    """Document 004, section 2.2."""
    body = {
        "portName": "acme",
        "parkId": "3302122004",
        "orderNo": str(event["orderNo"]),
        "plateNo": str(event["plateNo"]),
        "startTime": str(event["startTime"]),
        "endTime": str(event["endTime"]),
        "stationId": str(event["stationId"]),
        "stationName": str(event["stationId"]),
        "deviceId": str(event["deviceId"]),
        "deviceName": str(event["deviceId"]),
        "spaceNo": "",
        "power": str(event["power"]),
        "elecMoney": "",
        "seviceMoney": "",
        "totalMoney": str(event["totalMoney"]),
    }
    pairs = "&".join(f"{name}={body[name]}" for name in sorted(body) if body[name])
    digest = hashlib.md5(f"{pairs}&key=sandbox-key".encode()).hexdigest()
    return body | {"sign": digest.upper()}


@app.task(  # type: ignore[untyped-decorator]
    name="peer.push", autoretry_for=(requests.RequestException,), retry_backoff=True
)
def push(event: dict[str, object]) -> None:
    """Tell the gate about one record."""
    if not hasattr(_local, "session"):
        _local.session = requests.Session()
        _local.session.trust_env = False
    answer = _local.session.post(os.environ["BENCH_URL"], json=signed(event), timeout=10)
    answer.raise_for_status()
    if answer.json()["result"] != 0:
        raise requests.RequestException(answer.text)


if __name__ == "__main__":
    for number in range(int(sys.argv[1])):
        push.delay(record(number))
