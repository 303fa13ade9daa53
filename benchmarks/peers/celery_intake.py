"""A Celery worker that journals one event a task, as its documentation suggests."""

import json
import os
import sqlite3
import sys
import threading

from benchmarks.peers import celery_app
from benchmarks.peers.given import offered, record

app = celery_app.make()
_local = threading.local()


def _database() -> sqlite3.Connection:
    if not hasattr(_local, "database"):
        path = os.environ["BENCH_DATABASE"]
        _local.database = sqlite3.connect(path, isolation_level=None, timeout=30)
        _local.database.execute("PRAGMA journal_mode=WAL")
        _local.database.execute("PRAGMA synchronous=FULL")
        _local.database.execute(
            "CREATE TABLE IF NOT EXISTS event (order_no TEXT PRIMARY KEY, body TEXT)"
        )
    database: sqlite3.Connection = _local.database
    return database


@app.task(name="peer.accept")  # type: ignore[untyped-decorator]
def accept(event: dict[str, str]) -> None:
    """Insert one event, once."""
    _database().execute(
        "INSERT INTO event VALUES (?, ?) ON CONFLICT DO NOTHING",
        (event["orderNo"], json.dumps(event)),
    )


if __name__ == "__main__":
    for number in offered(sys.argv[1:]):
        accept.delay(record(number))
