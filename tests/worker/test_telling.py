import threading
import time
from collections.abc import Sequence
from datetime import timedelta

import pytest

from config.settings import Settings
from tests.worker.desk import POLICIES, Steady
from tests.worker.given import NOON, record
from tests.worker.talker import BAD, BROKEN, REFUSED, RESET, STALE, WELL, Line, Talker
from worker.events import Kind
from worker.exchange import Answer, NoAnswer
from worker.journal.claim import Claim
from worker.outcomes import Absent, Accepted, Outcome, Refused, TryLater, Unclear
from worker.pace import Pace
from worker.sender import Sender
from worker.telling import Result, Teller

BUSY = Answer(503, {"Retry-After": "1"})


class Instant(threading.Event):
    """Passes every wait at once, and keeps that somebody waited."""

    def __init__(self) -> None:
        super().__init__()
        self.waits = 0

    def wait(self, timeout: float | None = None) -> bool:
        self.waits += 1
        return self.is_set()


class Counted:
    """Has the shape of the breaker: counts."""

    def __init__(self) -> None:
        self.outcomes: list[Outcome] = []

    def count(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)


class Lane:
    """A teller with everything around it."""

    def __init__(self, line: Line, *, all_or_nothing: bool = False) -> None:
        self.line, self.talker, self.breaker = line, Talker(), Counted()
        self.stopping = Instant()
        self.now = NOON
        pace = Pace(None, clock=lambda: 0.0, sleep=lambda _: None)
        self.teller = Teller(
            Sender(self.talker, line, pace, clock=lambda: self.now, keep_bytes=100),
            POLICIES[Kind.CHARGE_RECORD],
            self.breaker,
            Settings(_env_file=None),
            all_or_nothing=all_or_nothing,
            pack_size=12,
            timeout_s=10,
            unclear_wait_s=120,
            clock=lambda: self.now,
            stopping=self.stopping,
            dice=Steady(),
        )

    def tell(self, claims: list[Claim], *, probing: bool = False) -> Result:
        return self.teller.tell(claims, probing=probing)


def claims(
    *numbers: int, look_up: bool = False, lease_s: float = 90, tries: int = 0
) -> list[Claim]:
    until = NOON + timedelta(seconds=lease_s)
    return [
        Claim(n, record(n).event, f"A-{n}", tries, "me", until, look_up) for n in numbers or (1,)
    ]


def outcomes(result: Result) -> dict[int, Outcome | None]:
    return {told.claim.report_id: told.outcome for told in result.told}


def test_a_pack_is_one_request_and_every_report_gets_its_outcome() -> None:
    lane = Lane(Line(WELL))
    result = lane.tell(claims(1, 2, 3))
    assert outcomes(result) == dict.fromkeys((1, 2, 3), Accepted("ok"))
    assert lane.line.sent == [["A-1", "A-2", "A-3"]]
    assert [a.report_ids for a in result.attempts] == [(1, 2, 3)]


@pytest.mark.parametrize("bad", range(1, 13))
def test_halving_finds_the_one_bad_of_twelve_and_the_others_are_accepted(bad: int) -> None:
    def says(subjects: list[str]) -> Answer:
        return BAD if f"A-{bad}" in subjects else WELL

    lane = Lane(Line(says=says), all_or_nothing=True)
    result = lane.tell(claims(*range(1, 13)))
    told = outcomes(result)
    assert told.pop(bad) == Refused("bad", "400")
    assert told == dict.fromkeys(set(range(1, 13)) - {bad}, Accepted("ok"))
    assert len(lane.line.sent) <= 9
    accepted = [s for sent in lane.line.sent if f"A-{bad}" not in sent for s in sent]
    assert len(accepted) == len(set(accepted)) == 11


def test_a_list_that_the_vendor_takes_in_parts_is_refused_whole_by_its_own_word() -> None:
    lane = Lane(Line(BAD))
    assert set(outcomes(lane.tell(claims(1, 2))).values()) == {Refused("bad", "400")}
    assert len(lane.line.sent) == 1


@pytest.mark.parametrize("passing", [BROKEN, REFUSED, Answer(408, {"Retry-After": "1"})])
def test_a_passing_fault_is_tried_again_in_hand(passing: Answer | NoAnswer) -> None:
    lane = Lane(Line(passing, passing, WELL))
    result = lane.tell(claims())
    assert outcomes(result) == {1: Accepted("ok")}
    assert (len(lane.line.sent), len(result.attempts), lane.stopping.waits) == (3, 3, 2)


def test_a_burst_ends_after_its_tries_and_leaves_the_rest_to_the_clock() -> None:
    lane = Lane(Line(*[BROKEN] * 9))
    result = lane.tell(claims(tries=3))
    assert len(lane.line.sent) == 3
    assert result.told[0].outcome == TryLater("HTTP 500", "500")
    assert result.told[0].next_try_s == 180


@pytest.mark.parametrize("final", [WELL, BAD, RESET, Answer(504), Answer(429), BUSY])
def test_nothing_else_is_repeated_in_hand(final: Answer | NoAnswer) -> None:
    lane = Lane(Line(final))
    lane.tell(claims())
    assert len(lane.line.sent) == 1
    assert lane.stopping.waits == 0


def test_a_probe_is_one_try() -> None:
    lane = Lane(Line(BROKEN, WELL))
    result = lane.tell(claims(), probing=True)
    assert isinstance(result.told[0].outcome, TryLater)
    assert len(lane.line.sent) == 1


def test_renewed_credentials_cost_no_try() -> None:
    lane = Lane(Line(STALE, BROKEN, BROKEN, WELL))
    result = lane.tell(claims())
    assert outcomes(result) == {1: Accepted("ok")}
    assert [a.http_status for a in result.attempts] == [401, 500, 500, 200]
    assert len(lane.breaker.outcomes) == 3


def test_every_try_is_counted_by_the_breaker() -> None:
    lane = Lane(Line(BROKEN, RESET))
    lane.tell(claims())
    assert [type(o) for o in lane.breaker.outcomes] == [TryLater, Unclear]


@pytest.mark.parametrize(("asked", "waits_s"), [("5", 15), ("100", 100), ("99999", 3600)])
def test_the_wait_that_a_vendor_asks_for_is_obeyed_up_to_the_cap(asked: str, waits_s: int) -> None:
    lane = Lane(Line(Answer(429, {"Retry-After": asked})))
    assert lane.tell(claims()).told[0].next_try_s == waits_s


def test_what_is_unclear_waits_until_it_can_be_looked_up() -> None:
    assert Lane(Line(RESET)).tell(claims()).told[0].next_try_s == 120


@pytest.mark.parametrize("all_or_nothing", [True, False])
def test_an_event_we_cannot_tell_is_refused_with_a_sentence_the_others_are_told(
    all_or_nothing: bool,
) -> None:
    lane = Lane(Line(), all_or_nothing=all_or_nothing)
    lane.talker.unspeakable = {"A-2"}
    told = outcomes(lane.tell(claims(1, 2, 3)))
    assert told[2] == Refused("our fault, see the log: ValueError: no word for it")
    assert [told[1], told[3]] == [Accepted("ok")] * 2


def test_an_answer_that_we_fail_to_read_leaves_it_unclear_whether_it_was_taken() -> None:
    """The bytes have left; a person who replays a refusal would tell it twice."""
    lane = Lane(Line(WELL))
    lane.talker.unreadable = True
    result = lane.tell(claims())
    assert isinstance(result.told[0].outcome, Unclear)
    assert len(result.attempts) == 1


def test_who_is_stopping_sends_nothing_and_gives_the_claims_back() -> None:
    lane = Lane(Line())
    lane.stopping.set()
    assert outcomes(lane.tell(claims(1, 2))) == {1: None, 2: None}
    assert lane.line.sent == []


def test_who_is_told_to_stop_between_two_tries_makes_no_further_one() -> None:
    def says(_: Sequence[str]) -> Answer:
        lane.stopping.set()
        return BROKEN

    lane = Lane(Line(says=says))
    result = lane.tell(claims())
    assert len(lane.line.sent) == len(result.attempts) == 1
    assert not isinstance(result.told[0].outcome, Accepted | Refused | Unclear)


def test_nothing_leaves_once_the_lease_could_run_out_under_it() -> None:
    """Between the look at the lease and the first byte the process may be stopped for hours."""
    lane = Lane(Line())
    before = time.monotonic()
    lane.tell(claims(1, lease_s=90))
    assert before + 30 <= lane.line.begin_by[0] <= time.monotonic() + 30


@pytest.mark.parametrize(("lease_s", "sent"), [(59.9, 0), (60, 1)])
def test_a_lease_too_short_for_a_try_gives_the_claims_back(lease_s: float, sent: int) -> None:
    lane = Lane(Line())
    result = lane.tell(claims(1, 2, lease_s=lease_s))
    assert len(lane.line.sent) == sent
    assert set(outcomes(result).values()) == ({Accepted("ok")} if sent else {None})


def test_what_may_have_arrived_is_looked_up_together_and_only_what_is_absent_is_sent() -> None:
    lane = Lane(Line())
    lane.talker.found = {"A-1": Accepted("found"), "A-2": Absent(), "A-4": Absent()}
    result = lane.tell(claims(1, 2, 3, 4, look_up=True))
    assert lane.line.sent == [["A-1", "A-2", "A-3", "A-4"], ["A-2", "A-4"]]
    assert lane.line.methods == ["GET", "POST"]
    assert outcomes(result) == {
        1: Accepted("found"),
        2: Accepted("ok"),
        3: Unclear("not read"),
        4: Accepted("ok"),
    }
    assert [a.report_ids for a in result.attempts] == [(1, 2, 3, 4), (2, 4)]


def test_what_is_absent_is_sent_in_packs_that_the_vendor_can_take() -> None:
    lane = Lane(Line())
    lane.talker.found = {f"A-{n}": Absent() for n in range(1, 31)}
    lane.tell(claims(*range(1, 31), look_up=True))
    assert sorted(len(sent) for sent in lane.line.sent[1:]) == [6, 12, 12]


@pytest.mark.parametrize("fault", ["unread", "broken", "refused"])
def test_a_look_up_that_fails_sends_nothing(fault: str) -> None:
    lane = Lane(Line(*{"broken": [RESET], "refused": [REFUSED], "unread": []}[fault]))
    lane.talker.unreadable = fault == "unread"
    result = lane.tell(claims(1, 2, look_up=True))
    assert [type(o) for o in outcomes(result).values()] == [Unclear, Unclear]
    assert lane.line.methods == ["GET"]


def test_who_is_stopping_or_has_no_time_left_looks_nothing_up() -> None:
    lane = Lane(Line())
    assert outcomes(lane.tell(claims(look_up=True, lease_s=59))) == {1: None}
    lane.stopping.set()
    assert outcomes(lane.tell(claims(look_up=True))) == {1: None}
    assert lane.line.sent == []
