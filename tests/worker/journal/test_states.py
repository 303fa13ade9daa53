from collections import Counter
from datetime import datetime
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from tests.worker.desk import CITY, POLICIES, RECORD, STATUS, Desk
from tests.worker.failing import TAKES, fail, handle
from tests.worker.given import record, status, warning
from worker.events import Event, Kind, parse
from worker.journal import refresh, replay, sweep, tables
from worker.journal.claim import Claim
from worker.journal.listings import Filters
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
from worker.wire import read_json

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
    st.tuples(st.just("fail"), st.integers(0, 9), st.integers(1, 3)),
    st.tuples(st.just("handle failures")),
    st.tuples(st.just("refresh"), st.sampled_from([1, 300])),
    st.tuples(st.just("replay"), st.booleans()),
)


class Life:
    """Lets what may happen to a journal happen, and keeps which state followed which.

    Attributes:
        sent: the reports of each connector's statuses in the order of their sending, each with the
            event's own time and the order of arrival.
    """

    def __init__(self, desk: Desk, rule: OnUnclear) -> None:
        self.desk = desk
        self.rules = {(CITY, kind): rule for kind in Kind}
        self.claims: list[Claim] = []
        self.seen: set[tuple[str | None, str]] = set()
        self.sent: dict[str, list[tuple[datetime, int]]] = {}

    def step(self, name: str, *how: object) -> None:
        before = self.desk.states()
        getattr(self, name.replace(" ", "_"))(*how)
        for report_id, state in self.desk.states().items():
            if before.get(report_id) != state:
                self.seen.add((before.get(report_id), state))

    def followed_the_table(self) -> None:
        for before, after in self.seen:
            if before is None:
                assert after in (State.PENDING, State.SUPERSEDED)
            else:
                assert State(after) in FOLLOWS[State(before)], (before, after)

    def crowded(self) -> list[tuple[str, str]]:
        """The connectors of which two reports wait, or two are in flight."""
        rows = [r for r in self.desk.all(tables.report) if r.latest_wins]
        waiting = Counter(("waiting", r.subject) for r in rows if r.state in WAITING)
        sending = Counter(("sending", r.subject) for r in rows if r.state == State.SENDING)
        return [of for of, count in (waiting + sending).items() if count > 1]

    def accept(self, some: list) -> None:
        self.desk.accept(*some)

    def claim(self, kind: Kind, limit: int) -> None:
        claims = self.desk.claim(kind, limit=limit)
        self.claims += claims
        for claim in claims:
            if kind is STATUS:
                sent = (claim.event.occurred_at, claim.report_id)
                self.sent.setdefault(claim.subject, []).append(sent)

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

    def fail(self, number: int, times: int) -> None:
        """The vendor says that a report has failed so many times, whatever became of it here."""
        events = self.desk.all(tables.event)
        if events:
            row = events[number % len(events)]
            event: Event = parse(Kind(row.kind), read_json(row.body))
            fail(self.desk, event, times, request_id=f"R-{row.id}-{number // 5}")

    def take_all(self) -> None:
        self.desk.settle(self.claims, Accepted())
        self.claims.clear()

    def handle_failures(self) -> None:
        handle(self.desk, TAKES)

    def refresh(self, every_s: int) -> None:
        refresh.refresh(self.desk.engine, {CITY: every_s}, POLICIES[STATUS], self.desk.now)

    def replay(self, again: bool) -> None:
        now = self.desk.now
        replay.replay(self.desk.engine, Filters(), POLICIES, now, again=again, per_s=1e9)


@pytest.fixture
def desk(engine: Engine) -> Desk:
    return Desk(engine)


@given(st.lists(steps, min_size=5, max_size=30), st.sampled_from(OnUnclear))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_happens_a_report_only_goes_where_the_table_says(
    desk: Desk, happens: list[tuple[object, ...]], rule: OnUnclear
) -> None:
    """Nor do two statuses of a connector wait at once, or go out in another order than theirs."""
    desk.empty()
    life = Life(desk, rule)
    for name, *how in happens:
        life.step(str(name), *how)
        assert life.crowded() == []
    life.followed_the_table()
    for sent in life.sent.values():
        assert sent == sorted(sent)


TELL_ALL = [("claim", STATUS, 10), ("claim", RECORD, 10), ("take all",)]
after_taking = st.one_of(
    st.just(("tell all",)),
    st.just(("claim", STATUS, 1)),
    st.just(("take all",)),
    st.just(("handle failures",)),
    st.just(("refresh", 1)),
    st.just(("replay", True)),
    st.just(("wait", 2)),
    st.tuples(st.just("fail"), st.integers(0, 9), st.integers(1, 3)),
    st.tuples(st.just("fail"), st.integers(0, 9), st.just(1)),
)


@given(
    st.permutations(range(4)),
    st.lists(st.lists(after_taking, min_size=1, max_size=6), min_size=4, max_size=4),
)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_fails_after_it_was_taken_nothing_old_is_told_after_something_newer(
    desk: Desk, seconds: list[int], between: list[list[tuple[object, ...]]]
) -> None:
    """One connector, and records, of which all is taken: this leads deeper than anything at all."""
    desk.empty()
    life = Life(desk, OnUnclear.RESEND)
    for second, happens in zip(seconds, between, strict=True):
        life.step("accept", [status(second=second), record(second, connectorId=f"C-{second}")])
        for happening in happens:
            for name, *how in TELL_ALL if happening == ("tell all",) else [happening]:
                life.step(str(name), *how)
                assert life.crowded() == []
    life.followed_the_table()
    for sent in life.sent.values():
        assert [at for at, _ in sent] == sorted(at for at, _ in sent)
