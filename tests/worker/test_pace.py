import threading
from concurrent.futures import ThreadPoolExecutor

from worker.pace import Pace


class Time:
    """Moves on only by what is slept."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def test_requests_are_spaced_out_evenly() -> None:
    time = Time()
    pace = Pace(4, clock=time.clock, sleep=time.sleep)
    for _ in range(4):
        pace.wait()
    assert time.slept == [0.25, 0.25, 0.25]


def test_after_a_pause_the_first_goes_at_once_and_nothing_is_made_up_for() -> None:
    time = Time()
    pace = Pace(4, clock=time.clock, sleep=time.sleep)
    pace.wait()
    time.now += 60
    pace.wait()
    pace.wait()
    assert time.slept == [0.25]


def test_without_a_rate_nobody_waits() -> None:
    time = Time()
    pace = Pace(None, clock=time.clock, sleep=time.sleep)
    for _ in range(100):
        pace.wait()
    assert time.slept == []


def test_each_of_many_threads_gets_a_turn_of_its_own() -> None:
    slept: list[float] = []
    lock = threading.Lock()

    def sleep(seconds: float) -> None:
        with lock:
            slept.append(seconds)

    pace = Pace(8, clock=lambda: 0.0, sleep=sleep)
    with ThreadPoolExecutor(16) as pool:
        for waiting in [pool.submit(pace.wait) for _ in range(64)]:
            waiting.result()
    assert sorted(slept) == [n / 8 for n in range(1, 64)]
