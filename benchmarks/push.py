"""How fast a backlog of charge records reaches a vendor, one signed request each."""

import json
import sys
import time

import requests

from benchmarks.ground import Ground, wait
from benchmarks.intake import CELERY, GATE, record

LATENCY_MS = 20


def relay(ground: Ground, size: int) -> float:
    """Our worker, with its journal, its dedup and its attempts."""
    url = ground.sandbox(LATENCY_MS)
    gate = GATE | {
        "base_url": f"{url}/mall-garage",
        "park_id": "3302122004",
        "key": "sandbox-key",
        "concurrency": 32,
    }
    environment = ground.relay({"gate": gate})
    ground.push("charge-record", [json.dumps(record(number)) for number in range(size)])
    worker = [*CELERY, "worker.app", "worker", "-P", "threads", "-c", "32"]
    ground.start([*worker, "--without-gossip", "--without-mingle"], **environment)
    return _rate(url, size)


def celery(ground: Ground, size: int) -> float:
    """Celery threads with requests and autoretry."""
    url = ground.sandbox(LATENCY_MS)
    environment = {
        "BENCH_BROKER_URL": ground.broker_url,
        "BENCH_URL": f"{url}/mall-garage/parkpot-service/chargePile/chargingRecord",
    }
    peer = "benchmarks.peers.celery_push"
    ground.start([sys.executable, "-m", peer, str(size)], **environment).wait()
    ground.start(
        [*CELERY, peer, "worker", "-P", "threads", "-c", "32", "--without-gossip"], **environment
    )
    return _rate(url, size)


def _rate(url: str, size: int) -> float:
    """Records a second between the first tenth and the last, so that no start-up counts."""

    def accepted() -> int:
        counters = requests.get(f"{url}/_sandbox/mall-garage/counters", timeout=10).json()
        return int(counters["accepted_items"])

    wait(lambda: accepted() >= size // 10, 0.02)
    first, began = accepted(), time.monotonic()
    wait(lambda: accepted() >= size, 0.02)
    return (size - first) / (time.monotonic() - began)


CONTENDERS = {"ChargeRelay": relay, "Celery, threads -c 32, requests": celery}
