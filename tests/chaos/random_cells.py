"""Faults at random, from the seed: what no list of points foresees."""

import random

from tests.chaos.cell import Cell
from tests.chaos.stage import Stage, Started

GROUP = "random"
FAULTS = 12


def kills(stage: Stage) -> None:
    """Two workers under load, killed, stopped and cut off at random; each is replaced."""
    dice = random.Random(stage.seed)
    stage.begin()
    alive: list[Started] = [stage.relay.processes[-1], stage.worker("two")]
    stage.slow_vendors(30)
    for number in range(FAULTS):
        stage.producer.publish(stage.size)
        stage.watch(dice.uniform(0.2, 2.5))
        match dice.choice(("worker", "worker", "broker", "connections", "vendor")):
            case "worker":
                place = dice.randrange(len(alive))
                stage.doubt()
                stage.kill(alive[place])
                stage.doubt()
                alive[place] = stage.worker(f"more-{number}")
            case "broker":
                stage.broker.kill()
                stage.watch(dice.uniform(0.1, 1))
                stage.broker.start()
            case "connections":
                lines = [stage.broker_line, stage.vendor_line, stage.journal_line]
                for line in lines:
                    if line is not None:
                        line.cut()
            case _:
                for control in stage.controls.values():
                    control.fault("reset", after=True, times=2)
    stage.healed()


CELLS = [Cell("kills, cuts and resets at random", GROUP, kills, doubts=True)]
