import pytest

from tests.worker.vendors.city import city, minus, success
from tests.worker.vendors.scripted import answer
from worker.events import Kind
from worker.exchange import Answer
from worker.outcomes import Accepted, Outcome, Refused, TryLater, Unclear


def read(given: Answer) -> Outcome:
    return city().read(given, Kind.CHARGE_RECORD)


@pytest.mark.parametrize(
    "given", [success(), answer({"status": "200"}), answer({"status": 200}, 201)]
)
def test_status_200_is_accepted(given: Answer) -> None:
    assert isinstance(read(given), Accepted)


@pytest.mark.parametrize(
    "given",
    [
        answer({"status": 200}, 400),
        answer({"status": 200}, 404),
        answer({"status": 200}, 500),
        answer({"status": 0}),
        answer({"status": 201}),
        answer({"status": True}),
        answer({"status": "ok"}),
        answer({"status": 200.0}),
        answer({"code": 200}),
        answer([{"status": 200}]),
        Answer(200, {}, b'{"status":200}', cut=True),
    ],
)
def test_nothing_else_is(given: Answer) -> None:
    assert not isinstance(read(given), Accepted)


@pytest.mark.parametrize(
    "message",
    [
        "签名有误",
        "运营商secret不存在",
        "运营商id不为授权运营商",
        "第2个数据有误：运营商id不为授权运营商",
        "datetime不在5分钟内",
        "权限错误:datetime不在5分钟内",
        "token 已过期",
    ],
)
def test_trouble_with_credentials_holds_the_lane_and_refuses_nothing(message: str) -> None:
    outcome = read(minus(message))
    assert isinstance(outcome, TryLater)
    assert outcome.whole_lane
    assert message in outcome.reason


def test_an_operator_is_told_what_to_check() -> None:
    assert "signature_encoding" in read(minus("签名有误")).reason


@pytest.mark.parametrize(
    "message",
    [
        "cellId不能为空",
        "第3个数据有误：startDatetime不能为空",
        "第3个数据有误：errorCode异常,请稍后",
        "startDatetime格式有误",
        "充电口不存在",
        "The cell id field is required.",
    ],
)
def test_wrong_content_is_refused_with_the_vendors_sentence(message: str) -> None:
    assert read(minus(message)) == Refused(message, "-1")


@pytest.mark.parametrize(
    "given",
    [
        answer({"error": {"cellId": ["不能为空"]}}, 400),
        answer({"error": "anything"}, 422),
        answer({"status": 400, "message": "anything"}),
        answer({"status": 400, "message": "anything"}, 400),
        answer({"message": "充电口不存在"}, 404),
    ],
)
def test_validation_errors_are_refused(given: Answer) -> None:
    assert isinstance(read(given), Refused)


@pytest.mark.parametrize(
    "given",
    [
        minus("系统繁忙"),
        minus("上报失败 2条数据"),
        minus(""),
        minus("no idea"),
        answer({"status": 1001, "message": "?"}),
        answer({"status": 500, "message": "?"}),
        answer(b"<html>404 \xe4\xb8\x8d\xe5\xad\x98\xe5\x9c\xa8</html>", 404),
        answer({"message": "Not Found"}, 404),
        answer(b"Bad Request", 400),
        answer(b"", 405),
        answer(b"", 413),
        answer(b"", 502),
    ],
)
def test_what_is_not_the_reports_fault_is_tried_again(given: Answer) -> None:
    outcome = read(given)
    assert isinstance(outcome, TryLater)
    assert not outcome.whole_lane


@pytest.mark.parametrize(
    "given", [minus("请求过于频繁"), answer({"status": 429}), answer(b"", 403)]
)
def test_a_throttle_or_a_closed_door_counts_for_the_lane(given: Answer) -> None:
    outcome = read(given)
    assert isinstance(outcome, TryLater)
    assert outcome.whole_lane


@pytest.mark.parametrize("content", [b"", b"ok", b"null", b"[]", b"{}", b'{"status":null}'])
def test_http_200_without_a_status_is_unclear(content: bytes) -> None:
    assert isinstance(read(answer(content)), Unclear)


@pytest.mark.parametrize("code", [0, 1, 201, "202", 399])
def test_a_code_that_could_be_a_success_is_unclear(code: object) -> None:
    assert isinstance(read(answer({"status": code, "message": "success"})), Unclear)


def test_a_reason_is_bounded() -> None:
    assert len(read(minus("长" * 10_000)).reason) < 600
    assert len(read(answer({"error": ["y" * 9_000]}, 400)).reason) < 600
