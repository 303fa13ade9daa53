"""Whether a vendor that hangs slows the others: the same load, with it and without it."""

import statistics

from tests.chaos.cell import Cell
from tests.chaos.load import RECORD, Item, Size, write
from tests.chaos.servers import until
from tests.chaos.stage import Stage

GROUP = "vendor"
RECORDS = 800
ROUNDS = 3
LEAST = 0.9
OTHERS = ("city-platform", "held-garage")


def hanging_beside(stage: Stage) -> None:
    """The garage's rate while the platform hangs, against its rate while the platform is silent."""
    stage.begin()
    stage.controls["mall-garage"].fault("latency", ms=20)
    for vendor in OTHERS:
        stage.relay.run("pause", vendor)
    alone, beside = [], []
    for _ in range(ROUNDS):
        alone.append(_rate(stage))
        stage.controls["city-platform"].fault("hang")
        stage.relay.run("resume", "city-platform")
        hung = stage.controls["city-platform"].counters()["faulted"]
        stage.producer.publish(Size(records=0, connectors=12, readings=1, warnings=0, odd=0))
        until(lambda h=hung: stage.controls["city-platform"].counters()["faulted"] > h, "it hangs")
        beside.append(_rate(stage))
        stage.relay.run("pause", "city-platform")
        stage.controls["city-platform"].call("DELETE", "faults")
    ratio = statistics.median(beside) / statistics.median(alone)
    stage.notes.append(f"{ratio:.0%} of its rate alone")
    if ratio < LEAST:
        stage.faults.append(f"{ratio:.0%} of its rate alone")
    stage.healed()
    for vendor in OTHERS:
        stage.relay.run("resume", vendor)


def _rate(stage: Stage) -> float:
    """Records a second, by the vendor's clock, from the first to the last of a load."""
    garage = stage.controls["mall-garage"]
    before = len(garage.call("GET", "received?limit=0").json()["items"])
    records = stage.producer.records(RECORDS)
    stage.producer.push([Item(RECORD, write(r), orders=(str(r["orderNo"]),)) for r in records])
    until(lambda: garage.counters()["accepted_items"] >= before + RECORDS, "the garage has all")
    items = garage.call("GET", f"received?limit=0&since={before}").json()["items"]
    return RECORDS / float(items[-1]["at_s"] - items[0]["at_s"])


CELLS = [
    Cell("one hangs, another's rate", GROUP, hanging_beside, doubts=True, alone=True),
]
