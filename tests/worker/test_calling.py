from collections.abc import Mapping
from typing import ClassVar

import pytest
import requests

from tests.worker.given import NOON
from tests.worker.talker import BROKEN, REFUSED, RESET, STALE, Line, Talker
from worker.calling import Caller
from worker.exchange import Answer, NoAnswer
from worker.operation import Arguments, Follow, Operation, Reply
from worker.outcomes import Accepted, TryLater, Unclear
from worker.pace import Pace
from worker.sender import Sender
from worker.vendor import CannotSign, by_status


class Charge(Arguments):
    """Which charge."""

    charge_id: str


def build(system: Talker, arguments: Charge) -> requests.Request:
    if arguments.charge_id == "none":
        raise ValueError("there is no such charge")
    return requests.Request("POST", system.settings.url, json=[arguments.charge_id])


def read(system: Talker, answer: Answer) -> Reply:
    return Reply(by_status(answer) or Accepted(), answer.text())


def asked_with(began_with: Charge, reply: Reply) -> Mapping[str, object] | None:
    if reply.data == "over":
        return None
    return {"chargeId": f"{reply.data}-{began_with.charge_id}"}


FOLLOW = Follow("ask", asked_with, lambda reply: reply.data == "over", every_s=3, at_most=4)


class Charger(Talker):
    """A talker with operations."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "start": Operation("1", "POST", "/", Charge, build, read, follow=FOLLOW),
        "ask": Operation("2", "POST", "/", Charge, build, read),
        "badge": Operation("3", "POST", "/", Charge, build, read, signed=False),
    }


class Unsigned(Line):
    """Takes requests that show no badge."""

    def send(self, request: requests.Request, auth: object = None, **_: object) -> Answer:
        assert auth is None
        self.sent.append(request.json)
        return Answer(200, body=b"over")


def caller(line: Line, system: Charger | None = None) -> tuple[Caller, list[float]]:
    slept: list[float] = []
    system = system or Charger()
    pace = Pace(None, clock=lambda: 0.0, sleep=lambda _: None)
    sender = Sender(system, line, pace, clock=lambda: NOON, keep_bytes=0)  # type: ignore[arg-type]
    return Caller(system, sender, sleep=slept.append), slept


def said(text: str) -> Answer:
    return Answer(200, body=text.encode())


def test_a_call_is_signed_sent_and_read() -> None:
    line = Line(said("7"))
    made = caller(line)[0].call("start", Charge(charge_id="A"))
    assert made.reply == Reply(Accepted(), "7")
    assert made.answer == said("7")
    assert (line.sent, line.badges) == ([["A"]], ["1"])


def test_credentials_that_ran_out_are_renewed_once() -> None:
    line = Line(STALE, said("7"))
    assert caller(line)[0].call("start", Charge(charge_id="A")).reply.data == "7"
    assert line.badges == ["1", "2"]


def test_the_call_that_fetches_credentials_is_sent_without_them() -> None:
    line = Unsigned()
    assert caller(line)[0].call("badge", Charge(charge_id="A")).reply.data == "over"


@pytest.mark.parametrize(
    ("missing", "outcome"),
    [(RESET, Unclear(str(RESET))), (REFUSED, TryLater(str(REFUSED)))],
)
def test_without_an_answer_nothing_is_read(missing: NoAnswer, outcome: object) -> None:
    made = caller(Line(missing))[0].call("start", Charge(charge_id="A"))
    assert (made.reply, made.answer, made.signed) == (Reply(outcome), None, True)  # type: ignore[arg-type]


def test_what_cannot_be_signed_is_not_sent() -> None:
    system, line = Charger(), Line()
    system.auths = [CannotSign(TryLater("the account is locked"))]
    made = caller(line, system)[0].call("start", Charge(charge_id="A"))
    assert (made.reply, made.signed) == (Reply(TryLater("the account is locked")), False)
    assert line.sent == []


def test_what_the_system_cannot_build_is_said_by_its_error() -> None:
    with pytest.raises(ValueError, match="no such charge"):
        caller(Line())[0].call("start", Charge(charge_id="none"))


def test_what_a_call_began_is_asked_after_until_it_is_over() -> None:
    line = Line(said("on"), BROKEN, said("over"))
    calls, slept = caller(line)
    made = list(calls.follow(FOLLOW, Charge(charge_id="1"), Reply(Accepted(), "7")))
    assert [one.reply.data for one in made] == ["on", "", "over"]
    assert {one.operation for one in made} == {"ask"}
    assert line.sent == [["7-1"]] * 3
    assert slept == [3, 3, 3]


def test_it_is_not_asked_after_for_ever() -> None:
    calls, slept = caller(Line(*[said("on")] * 9))
    assert len(list(calls.follow(FOLLOW, Charge(charge_id="1"), Reply(Accepted(), "7")))) == 4
    assert len(slept) == 4


def test_a_call_that_began_nothing_is_not_asked_after() -> None:
    line = Line()
    calls, slept = caller(line)
    assert list(calls.follow(FOLLOW, Charge(charge_id="1"), Reply(Accepted(), "over"))) == []
    assert (line.sent, slept) == ([], [])
