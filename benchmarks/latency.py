"""How long a charge record is under way, from its publication to the vendor, by offered rate."""

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from benchmarks.asking import Asked
from benchmarks.case import OURS, Case, Scale, Workload
from benchmarks.ground import Ground
from benchmarks.push import DRAMATIQ, PATH, PEER_WORKERS, THREADS
from benchmarks.relay import Relay, gate
from benchmarks.shelf import SQLITE
from benchmarks.waiting import wait

RATES = (50, 200, 1000)
WARM = 50
SECONDS = 20
PEERS_OF_IT = (THREADS, DRAMATIQ)


def setting(per_s: int) -> str:
    """An offered rate, as the results name it."""
    return f"{per_s}/s offered"


def relay(ground: Ground, per_s: int, seconds: int) -> Mapping[str, float]:
    """Our worker; the events are pushed one by one, as from a producer in any language."""
    asked = ground.vendor()
    parts = Relay(ground, ground.journal(SQLITE), {"gate": gate(asked)})
    parts.beat()
    parts.workers(1)
    publish = [sys.executable, "-m", "benchmarks.publish", "charge-record"]
    return _offered(ground, asked, publish, per_s, seconds)


def peer(name: str, ground: Ground, per_s: int, seconds: int) -> Mapping[str, float]:
    """Another's worker; its own client publishes."""
    asked = ground.vendor()
    python, module, command = PEER_WORKERS[name]
    ground.start([python, *command], BENCH_URL=f"{asked.url}/20/{PATH}")
    publish = [python, "-m", f"benchmarks.peers.{module}"]
    return _offered(ground, asked, publish, per_s, seconds)


def _offered(
    ground: Ground, asked: Asked, publish: list[str], per_s: int, seconds: int
) -> Mapping[str, float]:
    """A few to warm up, then the measured ones; all of them are waited for."""
    ground.run([*publish, str(WARM)])
    wait(lambda: asked.distinct("record") >= WARM, "the worker is warm", 0.05)
    asked.reset()
    size = per_s * seconds
    ground.run([*publish, str(size), str(per_s)])
    wait(lambda: asked.distinct("record") >= size, "all arrive", 0.1)
    ways = asked.ways("record")
    return {**ways.percentiles(), "offered": ways.offered}


def cases(scale: Scale) -> Sequence[Case]:
    """Ours and two peers at each rate."""
    contenders: dict[str, Callable[..., Mapping[str, float]]] = {
        OURS: relay,
        **{name: partial(peer, name) for name in PEERS_OF_IT},
    }
    seconds = scale.size(SECONDS, 5)
    return [
        Case(name, setting(per_s), partial(run, per_s=per_s, seconds=seconds))
        for per_s in RATES
        for name, run in contenders.items()
    ]


WORKLOAD = Workload(
    "From publication to the vendor, by offered rate; vendor at 20 ms",
    {"p50": "ms", "p95": "ms", "p99": "ms", "offered": "records/s, as they were published"},
    cases,
)
