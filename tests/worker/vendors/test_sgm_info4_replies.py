"""What the calls of document 002 bring back, and how an order is followed."""

import pytest

from tests.worker.vendors.test_sgm_info4 import KEY, gateway, issued, said, success
from worker.exchange import Answer
from worker.operation import Follow, Reply
from worker.outcomes import Accepted, Outcome, Refused, TryLater, Unclear

OPERATIONS = gateway().operations
BUSINESS = [name for name in OPERATIONS if name != "generate-app-key"]
CHANGING = {
    "create-order",
    "update-reservation",
    "create-reservation",
    "open-ground-lock",
    "update-favourite-station",
}


def reply(name: str, answer: Answer) -> Reply:
    return OPERATIONS[name].read(gateway(), answer)


@pytest.mark.parametrize("name", BUSINESS)
def test_a_reply_brings_the_data_set(name: str) -> None:
    for data in ({"preNum": "395815801"}, [{"featureCode": "code"}], "", None, {}):
        got = reply(name, success(data))
        assert got.data == data
        assert isinstance(got.outcome, Accepted)
    refused = reply(name, said("4011", {"x": 1}, "no"))
    assert (type(refused.outcome), refused.data) == (Refused, None)


@pytest.mark.parametrize("name", OPERATIONS)
def test_only_a_call_that_changes_something_can_be_unclear(name: str) -> None:
    expected = Unclear if name in CHANGING else TryLater
    for code in ("0006", "4008", "4009"):
        assert type(reply(name, said(code)).outcome) is expected


def test_what_must_not_be_repeated() -> None:
    once = {name for name, operation in OPERATIONS.items() if not operation.repeatable}
    assert once == {"create-order", "create-reservation", "open-ground-lock"}


def test_only_the_key_call_is_not_signed() -> None:
    assert [name for name, operation in OPERATIONS.items() if not operation.signed] == [
        "generate-app-key"
    ]


@pytest.mark.parametrize("answer", [issued(), success({"appKey": "short"}), said("0011")])
def test_the_app_key_is_never_shown(answer: Answer) -> None:
    shown = repr(reply("generate-app-key", answer))
    assert KEY not in shown
    assert "short" not in shown


def test_a_fetched_app_key_is_told_by_its_length() -> None:
    assert reply("generate-app-key", issued()).data == {"appKey": "*** (32 characters)"}
    assert isinstance(reply("generate-app-key", success({})).outcome, TryLater)


def follow() -> Follow:
    found = OPERATIONS["create-order"].follow
    assert found is not None
    return found


def test_an_order_is_followed_by_its_id() -> None:
    assert follow().operation == "query-order"
    created = reply("create-order", success({"cusOrderId": "O-1"}))
    asked = OPERATIONS["create-order"].arguments(uuid="V" * 32, sidTag="SD")
    assert follow().arguments(asked, created) == {"uuid": "V" * 32, "cusOrderId": "O-1"}
    for nothing in (said("4009"), success({}), success(None), success({"cusOrderId": ""})):
        assert follow().arguments(asked, reply("create-order", nothing)) is None


@pytest.mark.parametrize(
    ("answer", "done", "meant", "words"),
    [
        (success({"orderStatus": "1"}), False, Accepted, "waiting"),
        (success({"orderStatus": "2"}), True, Accepted, "completed"),
        (success({"orderStatus": 2}), True, Accepted, "completed"),
        (success({"orderStatus": "3"}), True, Refused, "failed"),
        (success({"orderStatus": "4"}), False, Accepted, "not in the document"),
        (success({}), False, Accepted, "Success"),
        (success(None), False, Accepted, "Success"),
        (said("999"), False, TryLater, "system error"),
        (said("4011", None, "订单不存在"), True, Refused, "订单不存在"),
    ],
)
def test_an_order_is_followed_until_it_is_done_or_has_failed(
    answer: Answer, done: bool, meant: type[Outcome], words: str
) -> None:
    asked = reply("query-order", answer)
    assert follow().done(asked) is done
    assert isinstance(asked.outcome, meant)
    assert words in asked.outcome.reason


def test_what_an_order_has_come_to_is_brought_along() -> None:
    assert reply("query-order", success({"orderStatus": "3"})).data == {"orderStatus": "3"}
