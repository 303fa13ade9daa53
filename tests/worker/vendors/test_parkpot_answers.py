import pytest

from tests.worker.vendors.scripted import answer, make
from worker.events import Kind
from worker.exchange import Answer
from worker.outcomes import Accepted, Outcome, Refused, TryLater, Unclear

SETTINGS = {
    "base_url": "https://garage.example",
    "port_name": "acme",
    "park_id": "3302122004",
    "key": "k-004",
}


def read(given: Answer) -> Outcome:
    return make("parkpot", SETTINGS).read(given, Kind.CHARGE_RECORD)


def failure(description: str, status: int = 200) -> Answer:
    return answer({"result": 1, "description": description}, status)


@pytest.mark.parametrize(
    "content",
    [
        b'{"result":0}',
        b'\xef\xbb\xbf{"result":0}',
        b'{"result":"0","description":""}',
        b'{"Result":0,"Description":null}',
        b'{"result":0,"data":"anything"}',
        '{"result":0,"description":"推送成功"}'.encode(),
        '{"result":0,"description":"重复推送"}'.encode(),
        b'{"result":0,"description":"OK"}',
        b'{"result":0,"description":"Success!"}',
        b'{"result":0,"description":"duplicate order"}',
        '{"result":0,"description":"已接收"}'.encode(),
        "{“result”,0}".encode(),
        b'{"result",0}',
    ],
)
def test_result_0_is_accepted(content: bytes) -> None:
    assert isinstance(read(answer(content)), Accepted)


@pytest.mark.parametrize(
    "description",
    [
        "失败原因",
        "不成功",
        "未收到停车记录",
        "未成功",
        "推送成功,入库失败",
        "unsuccessful",
        "token",
        "not ok",
        "车牌不存在",
    ],
)
def test_result_0_with_another_description_is_unclear(description: str) -> None:
    # Section 2.2 prints {"result":0, "description":"失败原因"} as its failure.
    assert isinstance(read(answer({"result": 0, "description": description})), Unclear)


@pytest.mark.parametrize("status", [200, 400, 422, 500])
@pytest.mark.parametrize("name", ["result", "Result"])
@pytest.mark.parametrize("value", [1, "1"])
def test_result_1_is_refused_with_its_description(status: int, name: str, value: object) -> None:
    given = {name: value, "Description": "车辆未入场"}
    assert read(answer(given, status)) == Refused("车辆未入场", "1")


def test_result_1_without_a_description_is_refused() -> None:
    assert isinstance(read(answer({"result": 1})), Refused)


@pytest.mark.parametrize(
    "description",
    [
        "系统繁忙",
        "请求超时",
        "请稍后再试",
        "请求过于频繁",
        "数据库异常",
        "system error",
        "Read timed out",
    ],
)
def test_a_receiver_that_is_busy_is_asked_again(description: str) -> None:
    outcome = read(failure(description))
    assert isinstance(outcome, TryLater)
    assert not outcome.whole_lane


@pytest.mark.parametrize(
    "description",
    [
        "签名错误",
        "验签失败",
        "sign error",
        "invalid signature",
        "未授权的车场",
        "账号不存在",
        "portName有误",
    ],
)
@pytest.mark.parametrize("status", [200, 400, 500])
def test_a_wrong_key_or_account_holds_the_lane_and_refuses_nothing(
    description: str, status: int
) -> None:
    outcome = read(failure(description, status))
    assert isinstance(outcome, TryLater)
    assert outcome.whole_lane
    assert description in outcome.reason


@pytest.mark.parametrize("description", ["车位未分配 unassigned", "no signal from the gate"])
def test_words_that_only_look_like_the_sign_do_not_hold_the_lane(description: str) -> None:
    assert isinstance(read(failure(description)), Refused)


@pytest.mark.parametrize(
    "content",
    [
        {"message": "ok"},
        {},
        {"result": None},
        {"result": 2},
        {"result": "ok"},
        {"result": True},
        {"result": False},
        {"result": 0.0},
        {"result": [0]},
        [{"result": 0}],
        0,
        "0",
        b"",
        b"<html>ok</html>",
        b'{"result":0',
    ],
)
def test_an_answer_without_a_result_that_the_document_knows_is_unclear(content: object) -> None:
    assert isinstance(read(answer(content)), Unclear)


def test_an_answer_longer_than_the_cap_is_unclear() -> None:
    assert isinstance(read(Answer(200, {}, b'{"result":0}', cut=True)), Unclear)


def test_result_0_with_an_error_status_is_not_accepted() -> None:
    assert isinstance(read(answer({"result": 0}, 500)), TryLater)
    assert isinstance(read(answer({"result": 0}, 400)), Refused)
    assert isinstance(read(answer({"result": 0}, 302)), TryLater)


@pytest.mark.parametrize("status", [401, 403])
def test_http_401_and_403_hold_the_lane(status: int) -> None:
    outcome = read(answer(b"", status))
    assert isinstance(outcome, TryLater)
    assert outcome.whole_lane


@pytest.mark.parametrize("status", [404, 405])
def test_a_wrong_address_is_not_the_records_fault(status: int) -> None:
    assert isinstance(read(answer(b"<html>not here</html>", status)), TryLater)


@pytest.mark.parametrize("status", [400, 409, 413, 422])
def test_another_4xx_is_refused(status: int) -> None:
    assert isinstance(read(answer(b"", status)), Refused)
    assert read(answer({"error": "车牌格式"}, status)) == Refused("车牌格式", str(status))


def test_a_throttle_counts_for_the_lane_whatever_the_body_says() -> None:
    outcome = read(answer({"result": 1, "description": "x"}, 429, Retry_After="7"))
    assert isinstance(outcome, TryLater)
    assert (outcome.after_s, outcome.whole_lane) == (7.0, True)


def test_a_reason_is_bounded() -> None:
    outcome = read(failure("长" * 10_000))
    assert len(outcome.reason) < 400
    assert len(read(answer({"result": 1, "error": {"x": ["y" * 9_000]}})).reason) < 400
