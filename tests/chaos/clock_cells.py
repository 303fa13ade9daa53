"""Wall clocks that jump, and two workers that do not agree on the time.

A worker is started with tests/chaos/skew on its path: its `time.time` and `datetime.now` are
shifted by what a file says. Nothing else of it is changed, and the clocks of the servers are true.
"""

import time
from pathlib import Path

from tests.chaos.cell import Cell
from tests.chaos.servers import until
from tests.chaos.stage import Stage, Started

GROUP = "clock"
POSTGRES = ("postgresql",)  # SQLite is of one machine, which has one clock
JUMP_S = 600
SKEW = Path(__file__).parent / "skew"


class Skewed:
    """A clock in a file."""

    def __init__(self, stage: Stage, name: str, seconds: float = 0) -> None:
        self._file = stage.folder / f"{name}.skew"
        self.set(seconds)
        self.environment = {"PYTHONPATH": str(SKEW), "RELAY_CHAOS_SKEW": str(self._file)}

    def set(self, seconds: float) -> None:
        """Jump."""
        new = self._file.with_suffix(".new")
        new.write_text(str(seconds))
        new.rename(self._file)


def _jump(stage: Stage, seconds: float) -> None:
    clock = Skewed(stage, "one")
    stage.beat()
    stage.worker("one", **clock.environment)
    stage.warm_up()
    stage.slow_vendors(300)
    stage.producer.publish(stage.size)
    until(stage.sending, "delivery is under way")
    clock.set(seconds)
    stage.watch(3)
    stage.producer.publish(stage.size)
    stage.watch(3)
    clock.set(0)
    stage.well_again()
    stage.healed()
    stage.producer.publish(stage.size)


def ahead(stage: Stage) -> None:
    """Ten minutes ahead in the middle of a load, and back again."""
    _jump(stage, JUMP_S)


def back(stage: Stage) -> None:
    """Ten minutes back in the middle of a load, and true again."""
    _jump(stage, -JUMP_S)


def apart(stage: Stage) -> None:
    """Two workers, one ten minutes ahead of the other, share all lanes."""
    _beside(stage, JUMP_S)


def behind(stage: Stage) -> None:
    """Two workers, one ten minutes behind the other, share all lanes."""
    _beside(stage, -JUMP_S)


def _beside(stage: Stage, seconds: float) -> None:
    stage.beat()
    stage.worker("one")
    stage.warm_up()
    _second(stage, seconds)
    stage.slow_vendors(300)
    stage.healed()
    for _ in range(3):
        stage.producer.publish(stage.size)
        time.sleep(1)
    stage.well_again()


def _second(stage: Stage, seconds: float) -> Started:
    clock = Skewed(stage, "two", seconds)
    worker = stage.worker("two", **clock.environment)
    until(lambda: "takes from" in stage.relay.log("two"), "the second worker is there")
    return worker


CELLS = [
    Cell("a jump of ten minutes ahead", GROUP, ahead),
    Cell("a jump of ten minutes back", GROUP, back),
    Cell("clocks ten minutes apart", GROUP, apart, databases=POSTGRES),
    Cell("one clock ten minutes behind", GROUP, behind, databases=POSTGRES),
]
