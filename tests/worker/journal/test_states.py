from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from tests.worker.desk import CITY, Desk
from tests.worker.given import record, status, warning
from worker.events import Kind
from worker.journal import sweep
from worker.journal.claim import Claim
from worker.journal.states import (
    FOLLOWS,
    OPEN,
    SETTLED,
    WAITING,
    State,
    after_sending,
    replayable,
)
from worker.outcomes import Accepted, OnUnclear, Refused, TryLater, Unclear

OUTCOMES = [Accepted(), Refused("bad"), TryLater("busy"), Unclear("silence")]


def test_every_state_says_what_may_follow() -> None:
    assert set(FOLLOWS) == set(State)


def test_every_state_is_open_settled_or_held() -> None:
    assert {*OPEN, *SETTLED, State.HELD} == set(State)
    assert set(OPEN) & set(SETTLED) == set()
    assert set(WAITING) < set(OPEN)


@pytest.mark.parametrize(("outcome", "rule"), list(product(OUTCOMES, OnUnclear)))
def test_what_an_outcome_leads_to_may_follow_sending(outcome: object, rule: OnUnclear) -> None:
    assert after_sending(outcome, rule) in FOLLOWS[State.SENDING]


def test_nothing_that_waits_becomes_accepted_without_having_been_sent() -> None:
    assert [state for state in State if State.ACCEPTED in FOLLOWS[state]] == [State.SENDING]


def test_every_settled_state_can_be_reached_and_what_was_overtaken_never_comes_back() -> None:
    reached = {state for after in FOLLOWS.values() for state in after}
    assert reached == set(State)
    assert FOLLOWS[State.SUPERSEDED] == frozenset()


def test_a_person_may_replay_whatever_is_not_in_flight_overtaken_or_accepted() -> None:
    never = {State.SENDING, State.SUPERSEDED, State.ACCEPTED}
    assert set(replayable(again=False)) == set(State) - never
    assert set(replayable(again=True)) == set(State) - never | {State.ACCEPTED}


arrivals = st.one_of(
    st.builds(
        lambda c, second: status(f"C-{c}", second, status=second % 3),
        st.integers(1, 2),
        st.integers(0, 9),
    ),
    st.builds(record, st.integers(1, 3)),
    st.builds(warning, st.integers(1, 2)),
)
steps = st.one_of(
    st.tuples(st.just("accept"), st.lists(arrivals, min_size=1, max_size=4)),
    st.tuples(st.just("claim"), st.sampled_from(Kind), st.integers(1, 3)),
    st.tuples(
        st.just("settle"), st.integers(0, 5), st.sampled_from([*OUTCOMES, None]), st.booleans()
    ),
    st.tuples(st.just("wait"), st.sampled_from([1, 61, 91, 900, 86_401])),
    st.tuples(st.just("end leases")),
    st.tuples(st.just("end worth")),
)


class Life:
    """Lets what may happen to a journal happen, and keeps which state followed which."""

    def __init__(self, desk: Desk, rule: OnUnclear) -> None:
        self.desk = desk
        self.rules = {(CITY, kind): rule for kind in Kind}
        self.claims: list[Claim] = []
        self.seen: set[tuple[str | None, str]] = set()

    def step(self, name: str, *how: object) -> None:
        before = self.desk.states()
        getattr(self, name.replace(" ", "_"))(*how)
        for report_id, state in self.desk.states().items():
            if before.get(report_id) != state:
                self.seen.add((before.get(report_id), state))

    def accept(self, some: list) -> None:
        self.desk.accept(*some)

    def claim(self, kind: Kind, limit: int) -> None:
        self.claims += self.desk.claim(kind, limit=limit)

    def settle(self, number: int, outcome: object, forget: bool) -> None:
        if self.claims:
            claim = self.claims[number % len(self.claims)]
            self.desk.settle([claim], outcome, rule=self.rules[(CITY, claim.event.kind)])
            if forget:
                self.claims.remove(claim)

    def wait(self, seconds: int) -> None:
        self.desk.forward(seconds)

    def end_leases(self) -> None:
        sweep.end_leases(self.desk.engine, self.rules, self.desk.now, 60)

    def end_worth(self) -> None:
        self.desk.end_worth()


@pytest.fixture
def desk(engine: Engine) -> Desk:
    return Desk(engine)


@given(st.lists(steps, max_size=25), st.sampled_from(OnUnclear))
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_happens_a_report_only_goes_where_the_table_says(
    desk: Desk, happens: list[tuple[object, ...]], rule: OnUnclear
) -> None:
    desk.empty()
    life = Life(desk, rule)
    for name, *how in happens:
        life.step(str(name), *how)
    for before, after in life.seen:
        if before is None:
            assert after in (State.PENDING, State.SUPERSEDED)
        else:
            assert State(after) in FOLLOWS[State(before)], (before, after)
