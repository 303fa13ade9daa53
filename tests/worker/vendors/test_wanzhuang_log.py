from typing import Any

import pytest

from tests.worker.vendors.scripted import Script, answer, make
from worker.copies import NotRead
from worker.vendor import System

SETTINGS = {"base_url": "https://cloud.example", "app_id": "app-1", "app_secret": "hush"}
REQ = {"device_num": "18000001", "device_port": "1", "charge_id": "1751254762038"}
START = {"type": "start_power", "url": "https://us/start_power", "req": {"state": "0", **REQ}}
FINISH = {"type": "finish_order", "url": "https://us/finish_order", "req": REQ}


def cloud() -> System[Any]:
    return make("wanzhuang", SETTINGS)


def logged(data: object, **body: object) -> object:
    script = Script([answer({"code": 1, "message": "success", "data": data} | body)])
    return cloud().logged("finish-order", "1751254762038", script.send)


def test_the_log_of_one_charge_is_asked_for() -> None:
    script = Script([answer({"code": 1, "data": []})])
    assert cloud().logged("finish-order", "1751254762038", script.send) is None
    (sent,) = script.sent
    assert sent.url == "https://cloud.example/open/callback/log?charge_id=1751254762038"


@pytest.mark.parametrize(
    "data",
    [
        [START, FINISH],
        [{"url": "https://us/callback/finish_order", "req": REQ}],
        {"list": [START, FINISH]},
        {"start_power": {"req": START["req"]}, "finish_order": {"req": REQ}},
        [{"type": "finish_order", "req": '{"device_num": "18000001", "device_port": "1", '
          '"charge_id": "1751254762038"}'}],
        [{"type": "finish_order", "req": "device_num=18000001&device_port=1"
          "&charge_id=1751254762038"}],
    ],
)  # fmt: skip
def test_the_body_of_the_end_is_found_whatever_the_form_of_the_log(data: object) -> None:
    assert logged(data) == REQ


@pytest.mark.parametrize("data", [None, [], {}, [START], {"list": []}])
def test_a_log_without_an_end_has_none(data: object) -> None:
    assert logged(data) is None


def test_a_charge_that_the_cloud_does_not_know_has_no_end() -> None:
    assert logged(None, code=0, message="订单不存在") is None


@pytest.mark.parametrize(
    ("data", "body"),
    [
        ("text", {}),
        ([{"type": "finish_order", "req": 12}], {}),
        (None, {"code": 0, "message": "系统繁忙"}),
        (None, {"code": 0, "message": "签名错误"}),
        (None, {"code": None}),
    ],
)
def test_a_log_that_cannot_be_read_says_nothing(data: object, body: dict[str, object]) -> None:
    with pytest.raises(NotRead):
        logged(data, **body)
