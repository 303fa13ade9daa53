"""The rate at which a filled journal is drained, seen over a window at the vendor."""

import time

from benchmarks.asking import Asked
from benchmarks.waiting import wait

FIRST = 500
LOOK_S = 0.1


def window_rate(asked: Asked, waiting: int, seconds: float) -> float:
    """Records a second from the 500th on, for so many seconds or until nothing is left."""
    wait(lambda: asked.distinct("record") >= FIRST, "the first records arrive", LOOK_S)
    begin = end = asked.stats()
    last = time.monotonic() + seconds
    while time.monotonic() < last and end["record"]["distinct"] < waiting:
        time.sleep(LOOK_S)
        end = asked.stats()
    told = end["record"]["distinct"] - begin["record"]["distinct"]
    return float(told / (end["at_ns"] - begin["at_ns"]) * 1e9)
