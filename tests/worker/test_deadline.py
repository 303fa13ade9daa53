"""Deadlines: who stays too long is called back, who has left is left alone."""

import threading

from worker.deadline import Deadlines

LONG_S = 600


def test_a_block_that_lasts_too_long_is_called_back() -> None:
    called = threading.Event()
    with Deadlines().within(0.01, called.set):
        assert called.wait(60)


def test_a_block_that_was_left_is_not() -> None:
    deadlines, early, late = Deadlines(), threading.Event(), threading.Event()
    with deadlines.within(0.01, early.set):
        pass
    with deadlines.within(0.05, late.set):
        assert late.wait(60)
    assert not early.is_set()


def test_a_shorter_deadline_does_not_wait_for_a_longer_one() -> None:
    deadlines, long, short = Deadlines(), threading.Event(), threading.Event()
    with deadlines.within(LONG_S, long.set), deadlines.within(0.01, short.set):
        assert short.wait(60)
    assert not long.is_set()


def test_nothing_is_kept_of_blocks_that_ended_late() -> None:
    deadlines = Deadlines()
    for _ in range(10):
        called = threading.Event()
        with deadlines.within(0.001, called.set):
            assert called.wait(60)
    assert (deadlines._waiting, deadlines._lates) == ([], {})
