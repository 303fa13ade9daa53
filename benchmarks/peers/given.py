"""The events that every contender is given, as a producer publishes them.

What tells an event from the others (orderNo, connectorId) is `<time.monotonic_ns()>-<number>`, so
that the vendor knows how long it was under way.
"""

import time
from collections.abc import Iterator, Sequence


def mark(number: int) -> str:
    """The time of now in ns and the event's number."""
    return f"{time.monotonic_ns()}-{number:08d}"


def record(number: int) -> dict[str, str]:
    """A completed charge of a car with a plate."""
    return {
        "orderNo": mark(number),
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


def status(number: int) -> dict[str, object]:
    """A connector of its own begins to charge."""
    return {
        "operatorId": "395815801",
        "stationId": "S-001",
        "equipmentId": "E-1",
        "connectorId": mark(number),
        "status": 3,
        "updateTime": "2026-11-20 10:00:00",
        "voltage": "380.00",
        "current": "32.00",
        "power": "12.00",
    }


def offered(words: Sequence[str]) -> Iterator[int]:
    """The numbers of the events to publish: `SIZE`, at once; `SIZE PER_S`, each at its time."""
    size, per_s = int(words[0]), float(words[1]) if len(words) > 1 else None
    began = time.monotonic()
    for number in range(size):
        if per_s is not None:
            ahead_s = began + number / per_s - time.monotonic()
            if ahead_s > 0:
                time.sleep(ahead_s)
        yield number
