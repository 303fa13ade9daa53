from collections.abc import Sequence

import pytest

from config.logs import never_show
from tests.worker.given import NOON, record
from tests.worker.talker import BAD, BROKEN, REFUSED, RESET, STALE, WELL, Line, Talker
from tests.worker.vendors.scripted import Script, make
from worker.events import Event, Kind
from worker.exchange import Answer, NoAnswer
from worker.journal.settle import Attempt
from worker.outcomes import Absent, Accepted, Outcome, Refused, TryLater, Unclear
from worker.pace import Pace
from worker.sender import RENEWED, Sender
from worker.vendor import CannotSign

EVENTS: list[Event] = [record(1).event, record(2).event]


@pytest.fixture
def talker() -> Talker:
    return Talker()


def sender(talker: Talker, line: Line, keep_bytes: int = 4096) -> Sender:
    pace = Pace(None, clock=lambda: 0.0, sleep=lambda _: None)
    return Sender(talker, line, pace, clock=lambda: NOON, keep_bytes=keep_bytes)


def tell(talker: Talker, line: Line, keep_bytes: int = 4096) -> tuple[Outcome, list[Attempt]]:
    return sender(talker, line, keep_bytes).tell(Kind.CHARGE_RECORD, EVENTS, (7, 8))


def test_a_try_is_one_request_and_is_kept_as_one_attempt(talker: Talker) -> None:
    line = Line(WELL)
    outcome, attempts = tell(talker, line)
    assert outcome == Accepted("ok")
    assert line.sent == [["A-1", "A-2"]]
    (attempt,) = attempts
    assert (attempt.outcome, attempt.http_status, attempt.answer) == (outcome, 200, "ok")
    assert (attempt.method, attempt.started_at, attempt.report_ids) == ("POST", NOON, (7, 8))
    assert attempt.request == "['A-1', 'A-2']"


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (BAD, Refused("bad", "400")),
        (BROKEN, TryLater("HTTP 500", "500")),
        (RESET, Unclear("the connection broke before an answer")),
        (REFUSED, TryLater("the connection was refused")),
    ],
)
def test_what_the_answer_or_its_absence_means(
    talker: Talker, answer: Answer | NoAnswer, outcome: Outcome
) -> None:
    said, attempts = tell(talker, Line(answer))
    assert said == outcome
    assert [a.outcome for a in attempts] == [outcome]
    assert attempts[0].http_status == (answer.status if isinstance(answer, Answer) else None)


def test_renewed_credentials_are_used_within_the_same_try(talker: Talker) -> None:
    line = Line(STALE, WELL)
    outcome, attempts = tell(talker, line)
    assert outcome == Accepted("ok")
    assert line.badges == ["1", "2"]
    assert [(a.outcome, a.http_status) for a in attempts] == [(RENEWED, 401), (outcome, 200)]
    assert [a.report_ids for a in attempts] == [(7, 8), (7, 8)]


def test_credentials_are_renewed_once_and_not_for_ever(talker: Talker) -> None:
    line = Line(STALE, STALE, STALE)
    outcome, attempts = tell(talker, line)
    assert outcome == Refused("still not signed well", "401")
    assert len(line.sent) == 2
    assert [a.outcome for a in attempts] == [RENEWED, outcome]


@pytest.mark.parametrize("sent", [True, False])
def test_without_credentials_nothing_is_sent_and_it_is_tried_later(
    talker: Talker, sent: bool
) -> None:
    talker.auths = [NoAnswer("no answer within the time limit", sent=sent)]
    line = Line()
    outcome, attempts = tell(talker, line)
    assert isinstance(outcome, TryLater)
    assert line.sent == []
    assert attempts == []


def test_a_system_may_say_itself_why_it_cannot_sign(talker: Talker) -> None:
    said = TryLater("the account is locked", whole_lane=True)
    talker.auths = [CannotSign(said)]
    assert tell(talker, Line()) == (said, [])


@pytest.mark.parametrize("sent", [True, False])
def test_credentials_that_cannot_be_renewed_are_tried_later_the_refusal_is_kept(
    talker: Talker, sent: bool
) -> None:
    talker.renewing = NoAnswer("no answer within the time limit", sent=sent)
    line = Line(STALE)
    outcome, attempts = tell(talker, line)
    assert isinstance(outcome, TryLater)
    assert len(line.sent) == 1
    assert [a.http_status for a in attempts] == [401]


def test_new_credentials_that_get_lost_before_the_second_request_leave_nothing_unclear(
    talker: Talker,
) -> None:
    """The vendor refused the first request, and a second one was never sent."""
    talker.auths = [None, NoAnswer("no answer within the time limit", sent=True)]
    line = Line(STALE)
    outcome, _ = tell(talker, line)
    assert len(line.sent) == 1
    assert isinstance(outcome, TryLater)


def look_up(talker: Talker, line: Line) -> tuple[Sequence[Outcome | Absent], list[Attempt]]:
    return sender(talker, line).look_up(EVENTS, (7, 8))


def test_a_look_up_says_of_each_event_what_the_system_found(talker: Talker) -> None:
    talker.found = {"A-1": Accepted("found"), "A-2": Absent()}
    line = Line(WELL)
    found, attempts = look_up(talker, line)
    assert found == [Accepted("found"), Absent()]
    assert line.methods == ["GET"]
    assert [(a.method, a.http_status, a.report_ids) for a in attempts] == [("GET", 200, (7, 8))]


@pytest.mark.parametrize("broken", [RESET, REFUSED])
def test_a_look_up_without_an_answer_leaves_it_unclear(talker: Talker, broken: NoAnswer) -> None:
    """After TryLater the reports would be pending, and the next try would send them unseen."""
    found, attempts = look_up(talker, Line(broken))
    assert [type(f) for f in found] == [Unclear, Unclear]
    assert len(attempts) == 1


def test_a_look_up_that_cannot_be_signed_leaves_it_unclear(talker: Talker) -> None:
    talker.auths = [NoAnswer("no answer within the time limit", sent=False)]
    found, _ = look_up(talker, Line())
    assert [type(f) for f in found] == [Unclear, Unclear]


def test_what_is_kept_of_a_request_and_an_answer_is_capped_masked_and_without_nul(
    talker: Talker,
) -> None:
    body = b'{"token": "HIDDEN", "x": "\x00"}' + b"y" * 5000
    _, attempts = tell(talker, Line(Answer(200, body=body)), keep_bytes=100)
    (attempt,) = attempts
    assert "HIDDEN" not in attempt.answer + attempt.url
    assert "\x00" not in attempt.answer
    assert len(attempt.answer) <= 104
    assert "***" in attempt.url


def test_a_secret_that_an_answer_repeats_is_not_kept_as_the_reason(talker: Talker) -> None:
    outcome, _ = tell(talker, Line(Answer(200, body=b"token=HIDDEN" + b"y" * 5000)))
    assert "HIDDEN" not in outcome.reason
    assert len(outcome.reason) <= 500


@pytest.mark.parametrize("odd", ["\x00", "\ud800"])
def test_a_reason_and_a_code_can_be_stored_anywhere(talker: Talker, odd: str) -> None:
    """One that no database can hold would be tried until the leases end, and then sent again."""
    talker.meaning = Refused(f"why: {odd}", f"code {odd}")
    outcome, _ = tell(talker, Line())
    for text in (outcome.reason, str(outcome.code)):
        assert "\x00" not in text
        assert text.encode("utf-8")


def test_a_reason_that_speaks_of_a_token_stays_readable(talker: Talker) -> None:
    talker.auths = [CannotSign(TryLater("no token, the account is locked"))]
    assert tell(talker, Line())[0].reason == "no token, the account is locked"


def test_each_request_of_a_look_up_waits_for_its_turn(talker: Talker) -> None:
    turns: list[float] = []
    pace = Pace(2, clock=lambda: 0.0, sleep=turns.append)
    paced = Sender(talker, Line(*[WELL] * 4), pace, clock=lambda: NOON, keep_bytes=10)
    paced.look_up(EVENTS, (7, 8))
    paced.look_up(EVENTS, (7, 8))
    assert turns == [0.5]


def test_a_try_waits_for_its_turn(talker: Talker) -> None:
    turns: list[float] = []
    pace = Pace(2, clock=lambda: 0.0, sleep=turns.append)
    paced = Sender(talker, Line(STALE, WELL, WELL, WELL), pace, clock=lambda: NOON, keep_bytes=10)
    for _ in range(3):
        paced.await_turn()
        paced.tell(Kind.CHARGE_RECORD, EVENTS, (7, 8))
    assert turns == [0.5, 1.0]


def test_a_secret_that_a_vendor_repeats_under_no_name_is_not_kept() -> None:
    settings = {"base_url": "https://x.example", "operator_id": "1", "secret": "HIDDEN-secret"}
    system = make("charging_station", settings)
    never_show("city", system.settings.secrets)
    system.tokens.get(system.vendor, lambda: "HIDDEN-token")
    said = b'{"status": 500, "message": "HIDDEN-secret does not go with HIDDEN-token"}'
    pace = Pace(None, clock=lambda: 0.0, sleep=lambda _: None)
    sender = Sender(
        system, Script([Answer(500, body=said)]), pace, clock=lambda: NOON, keep_bytes=500
    )
    outcome, (attempt,) = sender.tell(Kind.CHARGE_RECORD, EVENTS[:1], (7,))
    assert "*** does not go with ***" in attempt.answer
    assert "HIDDEN" not in outcome.reason + attempt.answer
