"""How fast charge records go from the broker into a database, each exactly once."""

import json
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from functools import partial

import psycopg

from benchmarks.asking import Asked
from benchmarks.case import OURS, Case, Scale, Workload
from benchmarks.ground import Ground
from benchmarks.peers.given import record
from benchmarks.processes import PEERS
from benchmarks.relay import Relay, gate
from benchmarks.shelf import POSTGRES, SQLITE
from benchmarks.waiting import wait

CELERY = "Celery, a task an event"
BARE = "bare loop"
LOOK_S = 0.002
NOWHERE = Asked(9)
Look = Callable[[], int]


def relay(ground: Ground, database: str, size: int) -> Mapping[str, float]:
    """Our worker: validated, deduplicated, a report opened for a vendor that is paused."""
    parts = Relay(ground, ground.journal(database), {"gate": gate(NOWHERE)})
    parts.command("pause", "gate", "--why", "only the intake is measured")
    ground.push("charge-record", [json.dumps(record(number)) for number in range(size)])
    parts.worker()
    address = parts.journal
    if database == POSTGRES:
        with psycopg.connect(address.replace("+psycopg", ""), autocommit=True) as connection:
            return _rate(partial(_postgres_rows, connection), size)
    return _sqlite_rate(address.removeprefix("sqlite:///"), size)


def celery(ground: Ground, size: int) -> Mapping[str, float]:
    """One Celery task an event, acknowledged late, one insert each."""
    path, module = str(ground.folder / "peer.sqlite3"), "benchmarks.peers.celery_intake"
    ground.run([PEERS, "-m", module, str(size)])
    words = ["worker", "-P", "threads", "-c", "8", "--without-gossip", "--without-mingle"]
    ground.start([PEERS, "-m", "celery", "-A", module, *words], BENCH_DATABASE=path)
    return _sqlite_rate(path, size)


def bare(ground: Ground, size: int) -> Mapping[str, float]:
    """The limit."""
    ground.push("charge-record", [json.dumps(record(number)) for number in range(size)])
    path = str(ground.folder / "bare.sqlite3")
    module = "benchmarks.peers.bare_loop"
    ground.start([PEERS, "-m", module, str(size)], BENCH_DATABASE=path)
    return _sqlite_rate(path, size)


def _sqlite_rate(path: str, size: int) -> Mapping[str, float]:
    with closing(sqlite3.connect(path, timeout=30)) as database:
        return _rate(partial(_sqlite_rows, database), size)


def _rate(rows: Look, size: int) -> Mapping[str, float]:
    """Rows a second between the first tenth and the last row, so that no start-up counts."""
    wait(lambda: rows() >= size // 10, "the first tenth is journalled", LOOK_S)
    first, began = rows(), time.monotonic()
    wait(lambda: rows() >= size, "the last row is journalled", LOOK_S)
    return {"rate": (size - first) / (time.monotonic() - began)}


def _sqlite_rows(database: sqlite3.Connection) -> int:
    try:
        found = database.execute("SELECT max(rowid) FROM event").fetchone()[0]
    except sqlite3.OperationalError:
        return 0
    return int(found or 0)


def _postgres_rows(connection: psycopg.Connection) -> int:
    row = connection.execute("SELECT max(id) FROM event").fetchone()
    return int(row[0] or 0) if row else 0


def cases(scale: Scale) -> Sequence[Case]:
    """Of ours and the bare loop ten times as many, or they would be over too soon."""
    many, few = scale.size(60_000, 20_000), scale.size(6_000, 2_000)
    return [
        Case(OURS, SQLITE, partial(relay, database=SQLITE, size=many)),
        Case(CELERY, SQLITE, partial(celery, size=few)),
        Case(BARE, SQLITE, partial(bare, size=many)),
        Case(OURS, POSTGRES, partial(relay, database=POSTGRES, size=many)),
    ]


WORKLOAD = Workload("Intake into the journal, one worker", {"rate": "events/s"}, cases)
