"""The broker killed, emptied, full, and cut off."""

import time

from redis.exceptions import RedisError

from tests.chaos.cell import Cell
from tests.chaos.load import SMALL
from tests.chaos.proxy import ASKED
from tests.chaos.servers import until
from tests.chaos.stage import Stage

GROUP = "Redis"
BACK_WITHIN_S = 10.0
CUTS = 12


def killed_under_load(stage: Stage) -> None:
    """SIGKILL while lanes are at work; restarted with its append-only file."""
    stage.begin()
    stage.slow_vendors(20)
    stage.producer.publish(stage.size)
    until(stage.sending, "delivery is under way")
    stage.broker.kill()
    time.sleep(1)
    stage.broker.start()
    stage.healed()
    stage.producer.publish(stage.size)


def killed_with_a_batch_in_hand(stage: Stage) -> None:
    """SIGKILL while items stand in a processing list and the journal has not got them."""
    stage.begin()
    with stage.journal_held():
        stage.producer.publish(stage.size)
        until(stage.taken, "items are taken")
        stage.broker.kill()
    time.sleep(1)
    stage.broker.start()
    stage.healed()


def killed_while_producers_push(stage: Stage) -> None:
    """Producers push on and on, and push again what got no answer."""
    stage.begin()
    items = stage.producer.mixed(stage.size)
    third = len(items) // 3
    stage.producer.push(items[:third])
    stage.broker.kill()
    try:
        stage.producer.push(items[third : 2 * third])
    except RedisError:
        stage.notes.append("a push got no answer and was repeated")
    stage.broker.start()
    stage.healed()
    stage.producer.push(items[third:])


def flushed_under_load(stage: Stage) -> None:
    """FLUSHALL once all is journalled: wake-ups, tokens, locks and signs of life are gone."""
    stage.begin()
    stage.vendor_line.hold(ASKED)
    stage.producer.publish(stage.size)
    until(stage.journalled, "all is journalled")
    until(lambda: not stage.taken(), "the batches are released")
    stage.broker.client.flushall()
    stage.vendor_line.let_go(ASKED)
    stage.healed()


def flushed_with_a_batch_in_hand(stage: Stage) -> None:
    """FLUSHALL while a worker holds a batch that the journal has not got yet."""
    stage.begin()
    with stage.journal_held():
        stage.producer.publish(SMALL)  # each kind in one push, so that it is one batch
        until(lambda: not any(map(stage.broker.client.llen, stage.queues())), "all is taken")
        stage.broker.client.flushall()
    stage.healed()


def full(stage: Stage) -> None:
    """No memory left and nothing may be evicted; what is queued is taken in all the same.

    Celery's own consumer may end the worker, since kombu cannot write what it has read: then a
    supervisor starts it again once there is room.
    """
    worker = stage.begin()
    client = stage.broker.client
    with stage.journal_held():
        stage.producer.publish(stage.size)
        until(stage.taken, "items are taken")
        stage.producer.publish(stage.size)
        client.config_set("maxmemory", "1")
        try:
            stage.producer.publish(stage.size)
        except RedisError:
            stage.notes.append("a producer is refused while it is full")
    until(
        lambda: worker.poll() is not None or stage.journalled(),
        "the queues are taken in while the broker is full",
    )
    client.config_set("maxmemory", "0")
    if worker.poll() is not None:
        stage.notes.append("the worker ended and was started again")
        stage.worker("two")
    stage.healed()
    stage.producer.publish(stage.size)


def cut(stage: Stage) -> None:
    """All connections of all processes cut, again and again, under load."""
    stage.begin()
    stage.slow_vendors(20)
    stage.producer.publish(stage.size)
    for _ in range(CUTS):
        time.sleep(0.2)
        stage.broker_line.cut()
    stage.healed()
    stage.producer.publish(stage.size)


CELLS = [
    Cell("SIGKILL under load, restart with AOF", GROUP, killed_under_load, BACK_WITHIN_S),
    Cell(
        "SIGKILL under load, appendfsync always",
        GROUP,
        killed_under_load,
        BACK_WITHIN_S,
        fsync="always",
    ),
    Cell("SIGKILL with a batch in hand", GROUP, killed_with_a_batch_in_hand, BACK_WITHIN_S),
    Cell("SIGKILL while producers push", GROUP, killed_while_producers_push, BACK_WITHIN_S),
    Cell("flushed: wake-ups, tokens, locks gone", GROUP, flushed_under_load, BACK_WITHIN_S),
    Cell("flushed with a batch in hand", GROUP, flushed_with_a_batch_in_hand, BACK_WITHIN_S),
    Cell("full, noeviction", GROUP, full, BACK_WITHIN_S),
    Cell("connections cut", GROUP, cut, BACK_WITHIN_S),
]
