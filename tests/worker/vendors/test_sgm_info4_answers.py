import pytest

from tests.worker.vendors.scripted import answer
from tests.worker.vendors.test_sgm_info4 import gateway, said, success
from worker.events import Kind
from worker.exchange import Answer
from worker.outcomes import Accepted, Outcome, Refused, TryLater, Unclear
from worker.vendors.sgm_info4.answers import ANSWERS

WAITING = {  # every report of the lane waits until this is mended
    "0001": "check app_id",
    "0002": "clock",
    "0003": "newest AppKey",
    "0004": "authorise",
    "0010": "base_url",
    "0011": "check app_id",
    "1007": "access_token",
    "6002": "idp_user_header",
    "998": "throttles",
    "4002": "base_url",
    "4003": "base_url",
    "4004": "idp_user_header",
    "4005": "content type",
    "4012": "idp_user_header",
}
LATER = {
    "999": "system error",
    "9999": "system error",
    "4001": "status_as_text",
    "4007": "out of order",
}
UNCLEAR = {"0006": "gave up waiting", "4008": "gave up waiting", "4009": "nobody could read"}


def read(given: Answer) -> Outcome:
    return gateway().read(given, Kind.CHARGE_RECORD)


def asked(given: Answer) -> Outcome:
    """What a call means that changes nothing."""
    system = gateway()
    return system.operations["query-reservation"].read(system, given).outcome


def test_the_table_is_the_documents() -> None:
    assert set(ANSWERS) == {"0000", "4011"} | set(WAITING) | set(LATER) | set(UNCLEAR)


@pytest.mark.parametrize(
    "given",
    [
        success(),
        success({}),
        success(""),
        success({"preNum": "NPOE21122800000013"}),
        answer({"resultCode": "0000"}),
        answer({"resultCode": "0000", "message": None}),
        answer({"resultCode": " 0000 ", "message": "Success!"}, 201),
    ],
)
def test_0000_is_accepted_whatever_comes_with_it(given: Answer) -> None:
    assert isinstance(read(given), Accepted)
    assert isinstance(asked(given), Accepted)


@pytest.mark.parametrize(("code", "words"), WAITING.items())
def test_what_is_wrong_with_us_or_the_gateway_makes_the_lane_wait(code: str, words: str) -> None:
    for outcome in (read(said(code, {}, "their words")), asked(said(code))):
        assert isinstance(outcome, TryLater)
        assert (outcome.code, outcome.whole_lane) == (code, True)
        assert words in outcome.reason
    assert "their words" in read(said(code, {}, "their words")).reason


@pytest.mark.parametrize(("code", "words"), LATER.items())
def test_a_passing_fault_is_tried_later(code: str, words: str) -> None:
    for outcome in (read(said(code)), asked(said(code))):
        assert isinstance(outcome, TryLater)
        assert (outcome.code, outcome.whole_lane) == (code, False)
        assert words in outcome.reason


@pytest.mark.parametrize(("code", "words"), UNCLEAR.items())
def test_what_may_have_been_done_is_unclear_unless_nothing_was_to_be_done(
    code: str, words: str
) -> None:
    outcome = read(said(code))
    assert isinstance(outcome, Unclear)
    assert words in outcome.reason
    again = asked(said(code))
    assert again == TryLater(outcome.reason, code)


def test_a_throttle_that_says_how_long_is_obeyed() -> None:
    outcome = read(answer({"resultCode": "998", "message": "服务暂时不可用"}, Retry_After="17"))
    assert isinstance(outcome, TryLater)
    assert (outcome.after_s, outcome.whole_lane) == (17.0, True)


@pytest.mark.parametrize(
    "message",
    [
        "The npo service returns an execution failure, message: 预约单不存在",
        "The npo service returns an execution failure, message: 预约单已取消",
        "",
    ],
)
def test_a_service_that_says_no_has_refused(message: str) -> None:
    outcome = read(said("4011", {}, message))
    assert isinstance(outcome, Refused)
    assert outcome.code == "4011"
    assert message in outcome.reason


@pytest.mark.parametrize(
    "words", ["系统繁忙，请稍后重试", "too many requests", "Service Unavailable"]
)
def test_a_service_that_is_busy_is_tried_later(words: str) -> None:
    assert isinstance(read(said("4011", {}, f"failure, message: {words}")), TryLater)


@pytest.mark.parametrize(
    "code", ["1", "00000", "000", "0", "200", "SUCCESS", "ok", "8888", "-1", "4006", "4010"]
)
def test_a_code_that_is_in_no_table_is_not_taken_for_a_success(code: str) -> None:
    outcome = read(said(code, {}, "Success"))
    assert isinstance(outcome, Unclear)
    assert outcome.code == code
    assert isinstance(asked(said(code, {}, "Success")), TryLater)


@pytest.mark.parametrize("code", [None, True, False, 0.0, [], {}, ["0000"], "", "x" * 99, "\ud800"])
def test_what_is_no_code_is_no_success(code: object) -> None:
    outcome = read(said(code, {}, "Success"))
    assert isinstance(outcome, Unclear)
    assert outcome.code == "200"


@pytest.mark.parametrize(("code", "meant"), [(0, Unclear), (998, TryLater), (4011, Refused)])
def test_a_code_may_come_as_a_number_but_0_is_not_0000(code: int, meant: type[Outcome]) -> None:
    assert isinstance(read(said(code)), meant)


def test_a_code_with_an_http_error_keeps_its_meaning() -> None:
    outcome = read(answer({"resultCode": "1007", "message": "x"}, 401))
    assert isinstance(outcome, TryLater)
    assert outcome.code == "1007"


@pytest.mark.parametrize(
    ("given", "whole_lane", "words"),
    [
        (answer(b"", 401), True, "client_cert"),
        (answer(b"", 403), True, "client_cert"),
        (answer(b"<center>No required SSL certificate was sent</center>", 400), True, "client_"),
        (answer(b"", 404), True, "base_url"),
        (answer(b"", 405), True, "base_url"),
        (answer({"resultCode": "0000"}, 404), True, "base_url"),
        (answer(b"", 400), False, "before the gateway"),
        (answer({"resultCode": "7777"}, 413), False, "before the gateway"),
        (answer(b"", 502), False, "HTTP 502"),
    ],
)
def test_another_http_status_is_not_the_gateways_and_refuses_nothing(
    given: Answer, whole_lane: bool, words: str
) -> None:
    for outcome in (read(given), asked(given)):
        assert isinstance(outcome, TryLater)
        assert outcome.whole_lane is whole_lane
        assert words in outcome.reason


def test_a_gateway_time_out_of_http_is_unclear_too() -> None:
    assert isinstance(read(answer(b"", 504)), Unclear)
    assert isinstance(asked(answer(b"", 504)), TryLater)


def test_an_answer_that_is_too_long_says_so() -> None:
    for body in (b'{"resultCode": "0000", ', b'{"resultCode": "0000"}'):
        outcome = read(Answer(200, {}, body, cut=True))
        assert isinstance(outcome, Unclear)
        assert "longer than we read" in outcome.reason


def test_a_reason_is_bounded() -> None:
    assert len(read(said("4011", {}, "长" * 10_000)).reason) < 400
    assert len(read(said("7777", {}, "长" * 10_000)).reason) < 400
