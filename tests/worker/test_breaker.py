from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from config.settings import Settings
from tests.worker.given import NOON
from worker.breaker import Breaker, FailureRate
from worker.events import Kind
from worker.journal import gates
from worker.journal.gates import Gate
from worker.outcomes import Accepted, Outcome, Refused, TryLater, Unclear

BUSY, SILENT, WELL, NO = TryLater("HTTP 500"), Unclear("no answer"), Accepted(), Refused("no")


class Time:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


def rate(time: Time, *calls: bool) -> FailureRate:
    """Four calls in thirty seconds say something, half of them failed is too much."""
    counted = FailureRate(window_s=30, min_calls=4, rate=0.5, clock=time)
    for failed in calls:
        counted.count(failed=failed)
    return counted


@pytest.mark.parametrize(
    ("calls", "too_high"),
    [
        ([], False),
        ([True] * 3, False),
        ([True] * 4, True),
        ([True, True, False, False], True),
        ([True, False, False, False], False),
        ([True, True, False, False, False], False),
    ],
)
def test_a_rate_is_too_high_from_enough_calls_and_enough_failures(
    time: Time, calls: list[bool], too_high: bool
) -> None:
    assert rate(time, *calls).too_high() is too_high


def test_only_the_window_counts(time: Time) -> None:
    counted = rate(time, True, True, True)
    time.now = 31
    counted.count(failed=True)
    assert not counted.too_high()


def test_what_is_forgotten_does_not_count(time: Time) -> None:
    counted = rate(time, *[True] * 9)
    counted.forget()
    assert not counted.too_high()


@pytest.fixture
def breaker(engine: Engine, time: Time) -> Breaker:
    settings = Settings(_env_file=None, breaker_min_calls=4, breaker_open_s=(5, 10))
    return Breaker(engine, "city", settings, time)


def look(engine: Engine, seconds: float = 0, *, urgent: bool = False) -> Gate:
    kind = Kind.SAFETY_WARNING if urgent else Kind.CHARGE_RECORD
    return gates.look(engine, "city", kind, urgent=urgent, now=NOON + timedelta(seconds=seconds))


def judge(
    breaker: Breaker, engine: Engine, outcomes: Sequence[Outcome], seconds: float = 0
) -> Gate:
    """Count and judge what came back at that time; the gate a moment later."""
    before = look(engine, seconds)
    for outcome in outcomes:
        breaker.count(outcome)
    breaker.judge(outcomes, before, NOON + timedelta(seconds=seconds))
    return look(engine, seconds)


def test_a_vendor_that_fails_too_often_is_not_asked_for_a_while(
    engine: Engine, breaker: Breaker
) -> None:
    assert judge(breaker, engine, [BUSY, SILENT, BUSY]).shut is None
    gate = judge(breaker, engine, [BUSY])
    assert gate.shut == "breaker open: HTTP 500"
    assert gate.until == NOON + timedelta(seconds=5)


def test_a_refusal_is_an_answer_and_opens_nothing(engine: Engine, breaker: Breaker) -> None:
    assert judge(breaker, engine, [NO] * 20).shut is None


def test_a_vendor_that_asks_us_to_wait_is_busy_not_broken(engine: Engine, breaker: Breaker) -> None:
    throttled = TryLater("HTTP 429", after_s=3, whole_lane=True)
    assert judge(breaker, engine, [throttled] * 20).shut is None


def test_after_the_wait_the_vendor_is_probed(engine: Engine, breaker: Breaker) -> None:
    judge(breaker, engine, [BUSY] * 4)
    assert look(engine, 4.9).shut is not None
    gate = look(engine, 5)
    assert (gate.shut, gate.probing, gate.breaker_step) == (None, True, 1)


def test_one_good_probe_closes_it_and_old_failures_are_forgotten(
    engine: Engine, breaker: Breaker
) -> None:
    judge(breaker, engine, [BUSY] * 4)
    assert judge(breaker, engine, [WELL], 5) == Gate()
    assert judge(breaker, engine, [BUSY] * 3, 5) == Gate()


def test_a_refused_probe_closes_it_too(engine: Engine, breaker: Breaker) -> None:
    judge(breaker, engine, [BUSY] * 4)
    assert judge(breaker, engine, [NO], 5) == Gate()


def test_each_bad_probe_makes_the_next_wait_longer_and_the_last_one_repeats(
    engine: Engine, breaker: Breaker
) -> None:
    judge(breaker, engine, [BUSY] * 4)
    waits, at = [], 5.0
    for _ in range(3):
        gate = judge(breaker, engine, [SILENT], at)
        assert gate.until is not None
        waits.append((gate.until - NOON).total_seconds() - at)
        at += waits[-1]
    assert waits == [10, 10, 10]
    assert look(engine, at).breaker_step == 4


def test_a_probe_that_was_never_sent_says_nothing(engine: Engine, breaker: Breaker) -> None:
    judge(breaker, engine, [BUSY] * 4)
    assert judge(breaker, engine, [], 5).breaker_step == 1


def test_another_workers_breaker_counts_for_us(
    engine: Engine, breaker: Breaker, time: Time
) -> None:
    judge(breaker, engine, [BUSY] * 4)
    ours = Breaker(engine, "city", Settings(_env_file=None), time)
    assert judge(ours, engine, [WELL], 5) == Gate()


def test_a_warning_passes_an_open_breaker_as_a_probe(engine: Engine, breaker: Breaker) -> None:
    judge(breaker, engine, [BUSY] * 4)
    gate = look(engine, urgent=True)
    assert (gate.shut, gate.probing) == (None, True)


def test_the_breaker_of_one_vendor_is_not_anothers(engine: Engine, breaker: Breaker) -> None:
    judge(breaker, engine, [BUSY] * 4)
    other = gates.look(engine, "garage", Kind.CHARGE_RECORD, urgent=False, now=NOON)
    assert other == Gate()
