"""How fast a backlog of charge records reaches a vendor, one signed request each."""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from benchmarks.case import OURS, Case, Scale, Workload
from benchmarks.ground import Ground
from benchmarks.peers.given import record
from benchmarks.processes import ARQ, PEERS
from benchmarks.relay import IN_FLIGHT, Relay, gate
from benchmarks.shelf import SQLITE

LATENCIES_MS = {20: 4000, 0: 5000, 200: 2000}
PATH = "gate/parkpot-service/chargePile/chargingRecord"
CELERY = ["-m", "celery", "-A", "benchmarks.peers.celery_push", "worker"]
CALM = ["--without-gossip", "--without-mingle"]

BOTH = f"{OURS}, 2 workers of {IN_FLIGHT} in flight"
BARE = "no queue: 32 threads, requests"
THREADS = "Celery, threads -c 32, requests"
DRAMATIQ = "dramatiq, 2 processes x 32 threads, requests"
PEER_WORKERS: Mapping[str, tuple[str, str, list[str]]] = {
    THREADS: (PEERS, "celery_push", [*CELERY, "-P", "threads", "-c", "32", *CALM]),
    "Celery, prefork -c 16, requests": (
        PEERS,
        "celery_push",
        [*CELERY, "-P", "prefork", "-c", "16", *CALM],
    ),
    DRAMATIQ: (
        PEERS,
        "dramatiq_push",
        ["-m", "dramatiq", "benchmarks.peers.dramatiq_push", "-p", "2", "-t", "32"],
    ),
    "taskiq, 2 processes x 64 tasks, aiohttp": (
        PEERS,
        "taskiq_push",
        [
            *("-m", "taskiq", "worker", "benchmarks.peers.taskiq_push:broker", "--workers", "2"),
            *("--max-async-tasks", "64", "--ack-type", "when_executed"),
        ],
    ),
    "arq, 64 jobs, httpx": (
        ARQ,
        "arq_push",
        ["-m", "arq", "benchmarks.peers.arq_push.WorkerSettings"],
    ),
    "Redis stream, 32 threads, requests": (
        PEERS,
        "streams_push",
        ["-m", "benchmarks.peers.streams_push"],
    ),
}


def relay(ground: Ground, latency_ms: int, size: int, workers: int = 1) -> Mapping[str, float]:
    """Our workers, with their journal, its dedup and its attempts."""
    asked = ground.vendor()
    parts = Relay(ground, ground.journal(SQLITE), {"gate": gate(asked, str(latency_ms))})
    ground.push("charge-record", [json.dumps(record(number)) for number in range(size)])
    parts.beat()
    for number in range(workers):
        parts.worker(f"relay{number}")
    return asked.rate("record", size)


def peer(name: str, ground: Ground, latency_ms: int, size: int) -> Mapping[str, float]:
    """Another's worker, once all is published."""
    asked = ground.vendor()
    python, module, command = PEER_WORKERS[name]
    ground.run([python, "-m", f"benchmarks.peers.{module}", str(size)])
    ground.start([python, *command], BENCH_URL=f"{asked.url}/{latency_ms}/{PATH}")
    return asked.rate("record", size)


def bare(ground: Ground, latency_ms: int, size: int) -> Mapping[str, float]:
    """The limit: signed requests from 32 threads."""
    asked = ground.vendor()
    url = f"{asked.url}/{latency_ms}/{PATH}"
    ground.start([PEERS, "-m", "benchmarks.peers.bare_push", str(size)], BENCH_URL=url)
    return asked.rate("record", size)


def cases(scale: Scale) -> Sequence[Case]:
    """Every contender at every latency."""
    contenders: dict[str, Callable[..., Mapping[str, float]]] = {
        OURS: relay,
        BOTH: partial(relay, workers=2),
        **{name: partial(peer, name) for name in PEER_WORKERS},
        BARE: bare,
    }
    return [
        Case(name, f"{ms} ms", partial(run, latency_ms=ms, size=scale.size(full)))
        for ms, full in LATENCIES_MS.items()
        for name, run in contenders.items()
    ]


WORKLOAD = Workload(
    "Charge records, one request each, by the vendor's latency; a backlog drained",
    {"rate": "records/s", "told again": "records"},
    cases,
)
