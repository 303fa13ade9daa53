"""What the journal keeps of the calls that came."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.worker.desk import Desk
from worker.journal import callback_tables as told

PATIENCE_S = 30


@dataclass(frozen=True)
class Left:
    """What a refused call left: its row, and nothing else."""

    vendor: str
    name: str
    outcome: str
    http_status: int
    reason: str
    body: str


def left(desk: Desk) -> list[Left]:
    """The rows of all calls, none of which brought anything."""
    assert desk.all(told.failed_report) == []
    assert desk.all(told.callback_event) == []
    rows = desk.all(told.callback)
    assert all(row.fingerprint is None and row.subject is None for row in rows)
    return [
        Left(row.vendor, row.name, row.outcome, row.http_status, row.reason, row.body)
        for row in rows
    ]


def only_one(desk: Desk, http_status: int) -> Left:
    """The trace of the only call, which was refused."""
    [trace] = left(desk)
    fate = "repeated" if http_status == 409 else "refused"
    assert (trace.outcome, trace.http_status) == (fate, http_status)
    return trace


def until(condition: Callable[[], object], what: str) -> None:
    """Wait until it holds; the time limit only ends a test that would never end."""
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, f"waited in vain until {what}"
        time.sleep(0.01)
