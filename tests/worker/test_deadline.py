"""Deadlines: who stays too long is called back, who has left is left alone."""

import gc
import threading
from weakref import ref

from worker.deadline import LOOK_EVERY_S, Deadline

LONG_S = 600


class Sleeper:
    """What is called when it is late, and how often."""

    def __init__(self) -> None:
        self.called = threading.Event()
        self.times = 0
        self.deadline = Deadline(self.late)

    def late(self) -> None:
        self.times += 1
        self.called.set()


def test_a_block_that_lasts_too_long_is_called_back_once() -> None:
    sleeper = Sleeper()
    with sleeper.deadline.within(0.01):
        assert sleeper.called.wait(60)
        threading.Event().wait(3 * LOOK_EVERY_S)
    assert sleeper.times == 1


def test_a_block_that_was_left_is_not() -> None:
    early, late = Sleeper(), Sleeper()
    with early.deadline.within(0.01):
        pass
    with late.deadline.within(0.05):
        assert late.called.wait(60)
    assert early.times == 0


def test_each_block_has_its_own_time() -> None:
    long, short = Sleeper(), Sleeper()
    with long.deadline.within(LONG_S), short.deadline.within(0.01):
        assert short.called.wait(60)
    assert long.times == 0


def test_one_deadline_serves_block_after_block() -> None:
    sleeper = Sleeper()
    for times in range(1, 4):
        sleeper.called.clear()
        with sleeper.deadline.within(0.01):
            assert sleeper.called.wait(60)
        assert sleeper.times == times


def test_a_deadline_keeps_nobody_alive() -> None:
    sleeper = Sleeper()
    with sleeper.deadline.within(LONG_S):
        pass
    gone = ref(sleeper)
    gc.disable()
    try:
        del sleeper
        assert gone() is None
    finally:
        gc.enable()
