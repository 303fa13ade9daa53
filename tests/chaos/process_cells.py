"""Workers and clocks told to stop, stopped in their tracks, and doubled."""

import signal
import time

from tests.chaos.cell import Cell
from tests.chaos.proxy import ASKED
from tests.chaos.servers import PATIENCE_S, until
from tests.chaos.stage import LEASE_S, Stage

GROUP = "process"


def _told_to_stop(stage: Stage, sign: signal.Signals) -> None:
    first = stage.begin()
    stage.slow_vendors(50)
    before = stage.accepted()
    stage.producer.publish(stage.size)
    until(lambda: stage.accepted() > before, "delivery is under way")
    first.send_signal(sign)
    code = first.wait(PATIENCE_S)
    stage.doubt()
    stage.notes.append(f"ended with {code}, {stage.in_flight} in flight")
    stage.producer.publish(stage.size)
    stage.healed()
    stage.worker("two")


def term(stage: Stage) -> None:
    """SIGTERM under load: what is in flight is settled first."""
    _told_to_stop(stage, signal.SIGTERM)


def interrupt(stage: Stage) -> None:
    """SIGINT under load: as SIGTERM."""
    _told_to_stop(stage, signal.SIGINT)


def quit_now(stage: Stage) -> None:
    """SIGQUIT under load: Celery's cold shutdown."""
    _told_to_stop(stage, signal.SIGQUIT)


def stopped(stage: Stage) -> None:
    """SIGSTOP for longer than the lease, then SIGCONT; meanwhile another worker does the work.

    On SQLite it may be stopped while it holds the journal's lock: then all wait for it.
    """
    first = stage.begin()
    stage.worker("two", RELAY_INTAKE_KINDS="connector-status")
    until(lambda: "takes from" in stage.relay.log("two"), "the second worker is there")
    stage.slow_vendors(300)
    stage.producer.publish(stage.size)
    until(stage.sending, "delivery is under way")
    first.send_signal(signal.SIGSTOP)
    stage.doubt()
    stage.healed()
    stage.watch(LEASE_S + 3)
    first.send_signal(signal.SIGCONT)
    stage.producer.publish(stage.size)


def beat_killed(stage: Stage) -> None:
    """The clock is gone while reports wait for their next try; another one is started."""
    stage.begin()
    stage.kill(stage.relay.processes[0])
    for control in stage.controls.values():
        control.fault("http_status", status=500, times=30)
    stage.producer.publish(stage.size)
    until(stage.journalled, "all is journalled")
    time.sleep(2)
    stage.healed()
    stage.beat("beat-two")


def two_beats(stage: Stage) -> None:
    """Everything the clock asks for is asked twice."""
    stage.beat("beat-two")
    stage.begin()
    until(lambda: "sweep" in stage.relay.log("beat-two"), "the second clock ticks")
    for control in stage.controls.values():
        control.fault("http_status", status=500, rate=0.3, seed=stage.seed)
    stage.healed()
    stage.producer.publish(stage.size)


def two_workers(stage: Stage) -> None:
    """Both claim every lane, at one time."""
    stage.begin()
    stage.worker("two")
    until(lambda: "takes from" in stage.relay.log("two"), "the second worker is there")
    stage.vendor_line.hold(ASKED)
    stage.producer.publish(stage.size)
    until(stage.all_sending, "every vendor's records are in flight")
    for _ in range(20):
        for vendor, kind in stage.lanes():
            stage.ring(vendor, kind)
    stage.vendor_line.let_go(ASKED)
    stage.healed()
    stage.producer.publish(stage.size)


CELLS = [
    Cell("SIGTERM under load", GROUP, term),
    Cell("SIGINT under load", GROUP, interrupt),
    Cell("SIGQUIT under load", GROUP, quit_now, doubts=True),
    Cell("SIGSTOP beyond the lease, SIGCONT", GROUP, stopped, doubts=True),
    Cell("beat killed", GROUP, beat_killed),
    Cell("two beats", GROUP, two_beats),
    Cell("two workers on one lane", GROUP, two_workers),
]
