import random
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.settings import Settings
from tests.worker.given import NOON
from worker.events import Kind
from worker.policies import JITTER, policies

POLICIES = policies(Settings(_env_file=None))
STATUS, RECORD, WARNING = (POLICIES[kind] for kind in Kind)


class Loaded(random.Random):
    """Dice that show their lowest or their highest face."""

    def __init__(self, face: float) -> None:
        super().__init__()
        self.face = face

    def uniform(self, a: float, b: float) -> float:
        return a + (b - a) * self.face


LOWEST, HIGHEST = Loaded(0), Loaded(1)


@pytest.mark.parametrize(
    ("kind", "waits"),
    [
        (Kind.CONNECTOR_STATUS, [5, 15, 30, 60, 120, 120, 120]),
        (Kind.CHARGE_RECORD, [15, 15, 30, 180, 1800, 1800, 1800, 1800, 3600, 3600, 3600]),
        (Kind.SAFETY_WARNING, [1, 2, 5, 10, 30, 60, 60]),
    ],
)
def test_waits_follow_the_schedule_and_the_last_one_repeats(kind: Kind, waits: list[int]) -> None:
    tries = range(1, len(waits) + 1)
    assert [POLICIES[kind].next_try_s(n, LOWEST) for n in tries] == waits


@given(st.sampled_from(sorted(Kind)), st.integers(1, 500), st.integers())
def test_jitter_makes_a_wait_longer_by_a_tenth_at_most(kind: Kind, tries: int, seed: int) -> None:
    planned_s = POLICIES[kind].next_try_s(tries, LOWEST)
    wait_s = POLICIES[kind].next_try_s(tries, random.Random(seed))
    assert planned_s <= wait_s <= planned_s * (1 + JITTER)


def test_jitter_uses_its_whole_range() -> None:
    assert STATUS.next_try_s(1, HIGHEST) == pytest.approx(5.5)


@given(st.integers(1, 20), st.floats(0, 10_000))
def test_a_wait_that_was_asked_for_only_ever_makes_it_longer(tries: int, asked_s: float) -> None:
    planned_s = RECORD.next_try_s(tries, LOWEST)
    assert RECORD.next_try_s(tries, LOWEST, asked_s) == max(planned_s, asked_s)


def test_a_wait_that_was_asked_for_has_jitter_too() -> None:
    assert RECORD.next_try_s(1, HIGHEST, 1000) == pytest.approx(1100)


def test_a_status_is_worth_telling_a_quarter_of_an_hour_a_warning_a_day_a_record_for_ever() -> None:
    assert STATUS.worth_until(NOON) == NOON + timedelta(minutes=15)
    assert WARNING.worth_until(NOON) == NOON + timedelta(days=1)
    assert RECORD.worth_until(NOON) is None


def test_only_a_warning_waits_for_a_person_when_it_is_late_and_only_it_is_urgent() -> None:
    assert [p.held_when_late for p in (STATUS, RECORD, WARNING)] == [False, False, True]
    assert [p.urgent for p in (STATUS, RECORD, WARNING)] == [False, False, True]


def test_of_statuses_the_newest_wins_of_all_else_the_first_content() -> None:
    assert [p.latest_wins for p in (STATUS, RECORD, WARNING)] == [True, False, False]
    assert [p.conflicts for p in (STATUS, RECORD, WARNING)] == [False, True, True]


def test_a_deployment_may_have_other_numbers() -> None:
    own = policies(Settings(_env_file=None, status_retry_s=(7,), status_worth_s=1))
    assert own[Kind.CONNECTOR_STATUS].next_try_s(9, LOWEST) == 7
    assert own[Kind.CONNECTOR_STATUS].worth_until(NOON) == NOON + timedelta(seconds=1)
