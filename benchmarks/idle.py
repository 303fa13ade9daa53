"""What a relay costs that has nothing to do: two workers and beat, as deployed, on PostgreSQL."""

import time
from collections.abc import Mapping, Sequence
from functools import partial

import psutil
import psycopg

from benchmarks.case import OURS, Case, Scale, Workload
from benchmarks.ground import Ground
from benchmarks.relay import Relay, city, gate
from benchmarks.shelf import POSTGRES

CALM_S = 10
SECONDS = 60
COUNT = """
SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()
"""


def relay(ground: Ground, seconds: int) -> Mapping[str, float]:
    """Nothing is published."""
    asked = ground.vendor()
    parts = Relay(ground, ground.journal(POSTGRES), {"gate": gate(asked), "city": city(asked)})
    started = [psutil.Process(process.pid) for process in parts.as_deployed()]
    time.sleep(CALM_S)
    address = parts.journal.replace("+psycopg", "")
    with psycopg.connect(address, autocommit=True) as connection:
        before = _counts(ground, connection, started)
        time.sleep(seconds)
        after = _counts(ground, connection, started)
    return {name: (after[name] - before[name]) * 60 / seconds for name in before}


def _counts(
    ground: Ground, connection: psycopg.Connection, started: Sequence[psutil.Process]
) -> dict[str, float]:
    stats = ground.redis.info("commandstats")
    commands = sum(c["calls"] for name, c in stats.items() if not name.startswith("cmdstat_info"))
    row = connection.execute(COUNT).fetchone()
    times = [process.cpu_times() for process in started]
    return {
        "broker": float(commands),
        "database": float(row[0]) if row else 0.0,
        "processor": sum(t.user + t.system for t in times),
    }


def cases(scale: Scale) -> Sequence[Case]:
    """One."""
    return [Case(OURS, "2 workers and beat", partial(relay, seconds=scale.size(SECONDS, 10)))]


WORKLOAD = Workload(
    "Idle: what nothing costs",
    {
        "broker": "commands a minute",
        "database": "transactions a minute",
        "processor": "s a minute, of all processes",
    },
    cases,
    by_contender=False,
)
