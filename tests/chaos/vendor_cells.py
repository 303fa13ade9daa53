"""Vendors on bad days."""

import time

from tests.chaos.cell import Cell
from tests.chaos.servers import until
from tests.chaos.stage import Stage

GROUP = "vendor"


def down(stage: Stage) -> None:
    """Nothing listens; later it does again."""
    stage.begin()
    stage.vendor_line.away()
    stage.producer.publish(stage.size)
    until(stage.journalled, "all is journalled")
    until(lambda: "refused" in stage.relay.log(), "the worker has noticed")
    time.sleep(1)
    stage.vendor_line.back()
    stage.healed()


def hanging(stage: Stage) -> None:
    """Every request hangs past our timeout, unread."""
    _strike(stage, "hang")
    time.sleep(4)
    stage.well_again()
    stage.healed()


def resetting(stage: Stage) -> None:
    """The body is taken, then the connection is reset."""
    _strike(stage, "reset", after=True, times=3)
    stage.healed()


def garbage(stage: Stage) -> None:
    """The body is taken, the answer is not JSON."""
    _strike(stage, "garbage", after=True, times=3)
    stage.healed()


def late(stage: Stage) -> None:
    """The body is taken, the answer comes after our timeout."""
    _strike(stage, "answer_after_timeout", seconds=3, times=3)
    stage.healed()


def failing(stage: Stage) -> None:
    """HTTP 500 to every third request, not taken."""
    _strike(stage, "http_status", status=500, rate=0.3, seed=stage.seed)
    stage.healed()


def throttling(stage: Stage) -> None:
    """HTTP 429 and Retry-After beyond so many requests a second."""
    stage.begin()
    for name, control in stage.controls.items():
        per_s = 1 if name == "city-platform" else 12 + stage.size.records // 20
        control.fault("throttle", per_s=per_s, retry_after_s=1)
    _load(stage)
    stage.healed()


def token_expired(stage: Stage) -> None:
    """The token ends for everyone at once: two workers, all their threads."""
    stage.begin()
    stage.worker("two")
    until(lambda: "takes from" in stage.relay.log("two"), "the second worker is there")
    city = stage.controls["city-platform"]
    fetched = city.counters()["token_fetches"]
    stage.slow_vendors(50)
    city.fault("expired_token", times=1)
    stage.healed()
    stage.producer.publish(stage.size)
    stage.settle()
    fetches = city.counters()["token_fetches"] - fetched
    stage.notes.append(f"{fetches} renewal")
    if fetches != 1:
        stage.faults.append(f"{fetches} renewals of the token in place of one")


def _strike(stage: Stage, kind: str, **settings: object) -> None:
    stage.begin()
    for control in stage.controls.values():
        control.fault(kind, **settings)
    _load(stage)


def _load(stage: Stage) -> None:
    stage.producer.publish(stage.size)
    until(stage.journalled, "all is journalled")
    for control in stage.controls.values():
        until(lambda c=control: c.counters()["faulted"], "the fault has struck")


CELLS = [
    Cell("down", GROUP, down),
    Cell("hanging", GROUP, hanging, doubts=True),
    Cell("resetting after the body", GROUP, resetting, doubts=True),
    Cell("answering garbage", GROUP, garbage, doubts=True),
    Cell("answering after our timeout", GROUP, late, doubts=True),
    Cell("failing, not taken", GROUP, failing),
    Cell("throttling", GROUP, throttling),
    Cell("token expired for everyone", GROUP, token_expired),
]
