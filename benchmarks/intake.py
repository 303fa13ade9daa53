"""How fast charge records go from the broker into a database, each exactly once."""

import json
import sqlite3
import sys
import time

from benchmarks.ground import Ground, wait
from benchmarks.peers import bare_loop

CELERY = (sys.executable, "-m", "celery", "-A")
GATE = {
    "system": "parkpot",
    "base_url": "http://127.0.0.1:9",
    "private_address": True,
    "port_name": "acme",
    "park_id": "1",
    "key": "k",
}


def record(number: int) -> dict[str, object]:
    """A record as a producer publishes it."""
    return {
        "orderNo": f"ORDER-{number:08d}",
        "operatorId": "395815801",
        "stationId": "S-001",
        "connectorId": f"C-{number % 5000:05d}",
        "deviceId": "D-1",
        "plateNo": "沪A12345",
        "startTime": "2026-11-20 10:00:00",
        "endTime": "2026-11-20 11:00:00",
        "power": "12.30",
        "totalMoney": "15.00",
    }


def relay(ground: Ground, size: int) -> float:
    """Our worker: validated, deduplicated, a report opened for a paused vendor."""
    environment = ground.relay({"gate": GATE})
    paused = [sys.executable, "-c", "from worker.cli import main; main()", "pause", "gate"]
    ground.start(paused, **environment).wait()
    worker = [*CELERY, "worker.app", "worker", "-P", "threads", "-c", "4"]
    ground.start([*worker, "--without-gossip", "--without-mingle"], **environment)
    wait(lambda: ground.redis.exists("relay:intake:workers"))
    ground.push("charge-record", [json.dumps(record(number)) for number in range(size)])
    return _rate(ground, "journal.sqlite3", "event", size)


def celery(ground: Ground, size: int) -> float:
    """One Celery task an event, late acknowledgement, one insert each."""
    environment = {
        "BENCH_BROKER_URL": ground.broker_url,
        "BENCH_DATABASE": str(ground.folder / "peer.sqlite3"),
    }
    peer = "benchmarks.peers.celery_intake"
    ground.start(
        [*CELERY, peer, "worker", "-P", "threads", "-c", "8", "--without-gossip"], **environment
    )
    fewer = size // 10
    ground.start([sys.executable, "-m", peer, str(fewer)], **environment).wait()
    return _rate(ground, "peer.sqlite3", "event", fewer)


def bare(ground: Ground, size: int) -> float:
    """The limit: the atomic move and a bulk insert, without any validation."""
    ground.push("charge-record", [json.dumps(record(number)) for number in range(size)])
    began = time.monotonic()
    bare_loop.run(ground.redis, ground.folder / "bare.sqlite3", size)
    return size / (time.monotonic() - began)


def _rate(ground: Ground, file: str, table: str, size: int) -> float:
    """Rows a second between the first tenth and the last row, so that no start-up counts."""
    path = ground.folder / file
    wait(path.exists)
    with sqlite3.connect(path, timeout=30) as database:

        def rows() -> int:
            try:
                found = database.execute(f"SELECT max(rowid) FROM {table}").fetchone()[0]
            except sqlite3.OperationalError:
                return 0
            return int(found or 0)

        wait(lambda: rows() >= size // 10, 0.002)
        first, began = rows(), time.monotonic()
        wait(lambda: rows() >= size, 0.002)
        return (size - first) / (time.monotonic() - began)


CONTENDERS = {"ChargeRelay": relay, "Celery, a task an event": celery, "bare loop": bare}
