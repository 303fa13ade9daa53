"""A worker killed at each point of an event's way; the point is forced by holding things still."""

from tests.chaos.cell import Cell
from tests.chaos.proxy import ANSWERED, ASKED
from tests.chaos.servers import until
from tests.chaos.stage import LEASE_S, Stage, Started

GROUP = "worker SIGKILL"


def _replace(stage: Stage) -> None:
    """The worker that was caught is dead; another takes its place."""
    stage.doubt()
    stage.healed()
    stage.worker("two")


def after_take(stage: Stage) -> None:
    """The journal is held; the items stand in the processing list."""
    first = stage.begin()
    with stage.journal_held():
        stage.producer.publish(stage.size)
        until(stage.taken, "items are taken")
        stage.kill(first)
    _replace(stage)


def after_accept(stage: Stage) -> None:
    """The rows are there; the release is held on its way to the broker."""
    first = stage.begin()
    before = stage.relay.count("event")
    with stage.journal_held():
        stage.producer.publish(stage.size)
        until(stage.taken, "items are taken")
        stage.broker_line.hold(ASKED)
    until(lambda: stage.relay.count("event") > before, "the batch is accepted")
    until(lambda: stage.broker_line.held(ASKED), "the release is on its way")
    held = stage.taken()
    assert held, "the batch has been released already"
    stage.kill(first)
    stage.broker_line.cut()
    stage.broker_line.let_go(ASKED)
    _replace(stage)


def after_sending(stage: Stage) -> None:
    """`sending` is committed; not one byte reaches a vendor."""
    first = stage.begin()
    stage.vendor_line.hold(ASKED)
    stage.producer.publish(stage.size)
    until(stage.all_sending, "every vendor's records are in flight")
    before = stage.received()
    _replace_in_flight(stage, first)
    assert stage.received() == before, "something arrived"
    stage.vendor_line.let_go(ASKED)


def after_bytes(stage: Stage) -> None:
    """The vendors have it; their answers are held."""
    first = _received_everywhere(stage)
    _replace_in_flight(stage, first)
    stage.vendor_line.let_go(ANSWERED)


def after_answer(stage: Stage) -> None:
    """The answers have arrived; the journal is held, so that they cannot be written."""
    first = _received_everywhere(stage)
    with stage.journal_held("report"):
        passed = stage.vendor_line.passed[ANSWERED]
        stage.vendor_line.let_go(ANSWERED)
        until(lambda: stage.vendor_line.passed[ANSWERED] > passed, "the answers pass")
        until(lambda: not stage.vendor_line.held(ANSWERED), "all answers have passed")
        stage.kill(first)
    _replace(stage)


def after_settle(stage: Stage) -> None:
    """Everything is written; the same events are published once more."""
    first = stage.begin()
    items = stage.producer.mixed(stage.size)
    stage.producer.push(items)
    stage.settle()
    stage.kill(first)
    stage.producer.push(items)
    stage.producer.publish(stage.size)
    _replace(stage)


def _replace_in_flight(stage: Stage, first: Started) -> None:
    """Kill with requests under way; what the proxy held is gone, as in a network."""
    stage.kill(first)
    stage.vendor_line.cut()
    _replace(stage)


def _received_everywhere(stage: Stage) -> Started:
    """A worker, once every vendor has something of which the answer is held."""
    first = stage.begin()
    before = stage.received()
    stage.vendor_line.hold(ANSWERED)
    stage.producer.publish(stage.size)
    until(stage.all_sending, "every vendor's records are in flight")
    until(lambda: _all_more(stage, before), "every vendor has received")
    return first


def _all_more(stage: Stage, before: dict[str, int]) -> bool:
    now = stage.received()
    return all(now[vendor] > before[vendor] for vendor in now)


CELLS = [
    Cell("after take", GROUP, after_take, within_s=LEASE_S),
    Cell("after accept, before release", GROUP, after_accept, within_s=LEASE_S),
    Cell("after the sending commit", GROUP, after_sending, within_s=LEASE_S, doubts=True),
    Cell("after the bytes left", GROUP, after_bytes, within_s=LEASE_S, doubts=True),
    Cell("after the answer", GROUP, after_answer, within_s=LEASE_S, doubts=True),
    Cell("after settle", GROUP, after_settle, within_s=LEASE_S),
]
