"""The parking gate takes what document 004 allows and refuses the rest, by name."""

from collections.abc import Callable

import pytest

from tests.sandbox.callers import GATE_KEY, Body, Garage, md5_signature


def test_success_is_exactly_the_documents_answer(garage: Garage) -> None:
    answer = garage.send()
    assert answer.content == b'{"result":0}'
    [item] = garage.control.call("GET", "received").json()["items"]
    assert (item["seq"], item["kind"], item["key"]) == (1, "charge-record", "ORDER-1")
    assert item["body"]["plateNo"] == "浙B12345"


def test_a_repeated_order_is_a_success_that_changes_nothing(garage: Garage) -> None:
    garage.tell(orderNo="A")
    assert garage.tell(orderNo="A", totalMoney="1.00") == {"result": 0}
    counters = garage.control.counters()
    assert (counters["accepted_items"], counters["repeated_items"]) == (1, 1)
    assert counters["repeated_keys"] == ["A"]
    assert garage.control.keys() == ["A"]


@pytest.mark.parametrize(
    "sign",
    [
        pytest.param(lambda body: "0" * 32, id="another"),
        pytest.param(lambda body: md5_signature(body, GATE_KEY).lower(), id="lower case"),
        pytest.param(lambda body: md5_signature(body, "other-key"), id="another key"),
        pytest.param(lambda body: md5_signature(body | {"power": "9.99"}, GATE_KEY), id="body"),
        pytest.param(lambda body: "签", id="not ascii"),
    ],
)
def test_a_wrong_sign_is_refused(garage: Garage, sign: Callable[[Body], str]) -> None:
    body = garage.record()
    answer = garage.post(body | {"sign": sign(body)}).json()
    assert answer == {"result": 1, "description": "签名错误"}
    assert garage.control.counters()["refused"] == 1


def test_a_record_without_a_sign_is_refused(garage: Garage) -> None:
    assert garage.post(garage.record()).json()["description"] == "sign不能为空"


def test_a_field_the_document_does_not_know_is_signed_like_the_others(garage: Garage) -> None:
    assert garage.tell(extra="more") == {"result": 0}
    body = garage.record(orderNo="B")
    unsigned = body | {"extra": "more", "sign": md5_signature(body, GATE_KEY)}
    assert garage.post(unsigned).json()["description"] == "签名错误"


@pytest.mark.parametrize("changes", [{"portName": "other"}, {"parkId": "1"}, {"parkId": None}])
def test_another_account_or_park_is_not_authorised(
    garage: Garage, changes: dict[str, object]
) -> None:
    assert garage.tell(**changes) == {"result": 1, "description": "未授权的车场"}


@pytest.mark.parametrize("empty", ["", None])
@pytest.mark.parametrize("field", ["orderNo", "plateNo", "startTime", "endTime"])
def test_a_field_that_may_not_be_empty_is_demanded(
    garage: Garage, field: str, empty: str | None
) -> None:
    answer = garage.tell(**{field: empty})
    assert answer == {"result": 1, "description": f"{field}不能为空"}


@pytest.mark.parametrize(
    "field",
    [
        *("stationId", "stationName", "deviceId", "deviceName"),
        *("spaceNo", "power", "elecMoney", "seviceMoney", "totalMoney"),
    ],
)
def test_a_field_without_a_value_must_be_there_as_an_empty_string(
    garage: Garage, field: str
) -> None:
    assert garage.tell(**{field: None}) == {"result": 1, "description": f"{field}没有的请传空"}
    assert garage.tell(**{field: ""}) == {"result": 0}


@pytest.mark.parametrize("amount", ["12", "12.3", "12.345", "-1.00", "1,20", " 1.20", "1.20元"])
def test_an_amount_has_exactly_two_decimals(garage: Garage, amount: str) -> None:
    answer = garage.tell(totalMoney=amount)
    assert answer == {"result": 1, "description": "totalMoney应为两位小数"}


@pytest.mark.parametrize("wrong", [12.3, 12, True, [], {}])
def test_a_value_that_is_not_a_string_is_refused(garage: Garage, wrong: object) -> None:
    answer = garage.post(garage.record(power=wrong) | {"sign": "0" * 32}).json()
    assert answer == {"result": 1, "description": "power应为字符串"}


@pytest.mark.parametrize("time", ["2024-05-01T08:00:00", "2024-05-01 8:00:00", "20240501080000"])
def test_a_time_of_another_format_is_refused(garage: Garage, time: str) -> None:
    assert garage.tell(endTime=time)["description"] == "endTime格式应为yyyy-MM-dd HH:mm:ss"


@pytest.mark.parametrize("body", [[], "text", None])
def test_a_body_that_is_no_object_is_refused(garage: Garage, body: object) -> None:
    answer = garage.post(body).json()
    assert answer["result"] == 1
