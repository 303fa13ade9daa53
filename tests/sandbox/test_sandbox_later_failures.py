"""What the city platform answered with success may fail later, and then it calls the operator."""

import base64
import hmac
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from tests.sandbox.callers import (
    OPERATOR_ID,
    SECRET,
    Body,
    City,
    Control,
    SandboxWith,
    hmac_signature,
    shanghai_now,
)
from tests.sandbox.receiver import Called, Receiver, receiver

URL_PATH = "/platform/management/callbackUrl/reportFailure"
STATUS_PATH = "/platform/report/chargingMetaInfo"
LIST_PATH = "/platform/report/chargingMetaInfoList"
AGAIN_PATH = "/platform/report/failed/chargingMetaInfo"
TAKEN = {"status": 200, "message": "ok", "data": ""}


@pytest.fixture
def operator() -> Iterator[Receiver]:
    """Takes the platform's callbacks."""
    with receiver(TAKEN) as door:
        yield door


def call_back(city: City, operator: Receiver) -> None:
    query = {"operatorId": OPERATOR_ID, "url": f"{operator.url}/failed?vendor=city"}
    assert city.call("PUT", URL_PATH, params=query)["status"] == 200


def fail_later(city: City, **order: object) -> None:
    answer = city.control.call("POST", "later-failures", json=order)
    assert answer.status_code == 200, answer.text


def report_again(city: City, request_id: str, **changes: object) -> Body:
    body = city.status(chargingMetaInfoId=request_id, **changes)
    return city.call("POST", AGAIN_PATH, json=body)


def statuses(city: City) -> list[Body]:
    items = city.control.call("GET", "received").json()["items"]
    return [item for item in items if item["kind"] == "connector-status"]


def lines(called: Called) -> str:
    names = ("Datetime", "OperatorId", "Token")
    return "\n".join(f"{name.lower()}: {called.headers[name]}" for name in names)


def assert_signed(called: Called) -> None:
    assert called.headers["Signature"] == hmac_signature(SECRET, lines(called))


def test_a_report_that_fails_later_is_called_back_with_all_that_is_needed(
    city: City, operator: Receiver
) -> None:
    call_back(city, operator)
    fail_later(city, status=401, message="权限错误")
    assert city.report_status() == {"status": 200, "message": "请求成功!", "data": "上报成功"}
    called = operator.next()
    assert (called.method, called.target) == ("POST", "/failed?vendor=city")
    request_id = called.told["data"]["requestId"]
    assert called.told == {
        "status": 401,
        "message": "权限错误",
        "data": {
            "requestAPI": STATUS_PATH,
            "requestParam": {},
            "requestBody": city.status(chargingMetaInfoId=request_id),
            "requestId": request_id,
            "requestFailureCount": 1,
        },
    }
    assert statuses(city) == []
    assert city.control.counters()["failed_later"] == 1


def test_a_callback_is_signed_as_the_operators_own_calls_are(
    city: City, operator: Receiver
) -> None:
    call_back(city, operator)
    fail_later(city)
    city.report_status()
    called = operator.next()
    assert called.headers["OperatorId"] == OPERATOR_ID
    assert called.headers["Token"] == city.token
    told, now = (datetime.fromisoformat(at) for at in (called.headers["Datetime"], shanghai_now()))
    assert abs((now - told).total_seconds()) < 60
    assert_signed(called)


def test_a_platform_that_signs_hex_calls_back_with_a_hex_signature(
    sandbox_with: SandboxWith, operator: Receiver
) -> None:
    url = sandbox_with({"old": {"system": "charging_station", "signature_encoding": "hex"}})
    city = City(f"{url}/old", Control(url, "old"))

    def headers(*names: str) -> dict[str, str]:
        told = {"Datetime": shanghai_now(), "OperatorId": OPERATOR_ID, "Token": city.token}
        said = "\n".join(f"{name.lower()}: {told[name]}" for name in names)
        digest = hmac.new(SECRET.encode(), said.encode(), "sha256").hexdigest()
        return told | {"Signature": base64.b64encode(digest.encode()).decode()}

    token_path = "/platform/management/operatorAPIToken"
    city.token = city.call("GET", token_path, headers("Datetime", "OperatorId"))["data"]
    signed = headers("Datetime", "OperatorId", "Token")
    query = {"operatorId": OPERATOR_ID, "url": operator.url}
    assert city.call("PUT", URL_PATH, signed, params=query)["status"] == 200
    fail_later(city)
    assert city.call("POST", STATUS_PATH, signed, json=city.status())["status"] == 200
    called = operator.next()
    digest = hmac.new(SECRET.encode(), lines(called).encode(), "sha256").hexdigest()
    assert called.headers["Signature"] == base64.b64encode(digest.encode()).decode()
    city.control.session.close()
    city.session.close()


def test_of_a_list_only_the_cells_ordered_fail_each_for_itself(
    city: City, operator: Receiver
) -> None:
    call_back(city, operator)
    fail_later(city, times=2, cells=["C-2", "C-4"], ids=["M-2", "M-4"])
    assert city.report_statuses([city.status(cellId=f"C-{n}") for n in range(5)])["status"] == 200
    told = sorted((operator.next().told["data"] for _ in range(2)), key=lambda d: d["requestId"])
    assert [data["requestBody"] for data in told] == [
        city.status(cellId="C-2", chargingMetaInfoId="M-2"),
        city.status(cellId="C-4", chargingMetaInfoId="M-4"),
    ]
    assert {data["requestAPI"] for data in told} == {LIST_PATH}
    assert [item["key"] for item in statuses(city)] == ["C-0", "C-1", "C-3"]


def test_without_a_url_a_failing_report_is_just_lost(city: City, operator: Receiver) -> None:
    fail_later(city, times=2)
    assert city.report_status(cellId="C-1")["status"] == 200
    call_back(city, operator)
    city.report_status(cellId="C-2")
    assert operator.next().told["data"]["requestBody"]["cellId"] == "C-2"
    assert (statuses(city), operator.left) == ([], 0)


def test_a_url_taken_back_is_not_called(city: City, operator: Receiver) -> None:
    call_back(city, operator)
    city.call("DELETE", URL_PATH, params={"operatorId": OPERATOR_ID})
    fail_later(city, cells=["C-1"])
    fail_later(city, cells=["C-2"])
    city.report_status(cellId="C-1")
    call_back(city, operator)
    city.report_status(cellId="C-2")
    assert operator.next().told["data"]["requestBody"]["cellId"] == "C-2"


def test_a_callback_that_is_not_taken_is_tried_again(city: City, operator: Receiver) -> None:
    operator.answer_next((500, TAKEN))
    call_back(city, operator)
    fail_later(city)
    city.report_status()
    first, second = operator.next(), operator.next()
    assert first.body == second.body
    assert_signed(second)
    city.control.wait_for("callbacks_sent", 2)
    counters = city.control.counters()
    assert (counters["callbacks_refused"], counters["callbacks_dropped"]) == (1, 0)


def test_a_callback_never_taken_is_signed_anew_each_time_and_then_dropped(
    city: City, operator: Receiver
) -> None:
    refusals: list[tuple[int, object]] = [(200, {"status": 400}), (200, "ok"), (302, TAKEN)]
    operator.answer_next(*refusals, (401, TAKEN), (200, []))
    call_back(city, operator)
    fail_later(city)
    city.report_status()
    calls = [operator.next() for _ in range(5)]
    city.control.wait_for("callbacks_dropped", 1)
    assert {called.path for called in calls} == {"/failed"}
    for called in calls:
        assert_signed(called)
    assert len({called.headers["Signature"] for called in calls}) > 1
    counters = city.control.counters()
    assert (counters["callbacks_sent"], counters["callbacks_refused"]) == (5, 5)
    assert operator.left == 0


def test_a_re_report_is_received_under_the_id_it_was_called_back_with(
    city: City, operator: Receiver
) -> None:
    call_back(city, operator)
    fail_later(city)
    city.report_status()
    request_id = operator.next().told["data"]["requestId"]
    assert report_again(city, request_id)["status"] == 200
    [item] = statuses(city)
    assert (item["path"], item["repeated"]) == (AGAIN_PATH, False)
    assert item["body"] == city.status(chargingMetaInfoId=request_id)
    report_again(city, request_id)
    assert city.control.counters()["repeated_items"] == 1


def test_a_re_report_may_fail_later_until_the_third_failure_closes_its_id(
    city: City, operator: Receiver
) -> None:
    call_back(city, operator)
    fail_later(city, times=3, ids=["M-1"])
    city.report_status()
    seen = [operator.next().told["data"]]
    for _ in range(2):
        assert report_again(city, "M-1")["status"] == 200
        seen.append(operator.next().told["data"])
    assert [data["requestFailureCount"] for data in seen] == [1, 2, 3]
    assert {data["requestId"] for data in seen} == {"M-1"}
    assert [data["requestAPI"] for data in seen] == [STATUS_PATH, AGAIN_PATH, AGAIN_PATH]
    closed = report_again(city, "M-1")
    assert (closed["status"], closed["message"]) == (400, "chargingMetaInfoId已失败3次，不再接收")
    assert statuses(city) == []


def test_a_re_report_under_an_unknown_id_or_of_another_cell_is_refused(city: City) -> None:
    unknown = report_again(city, "77")
    assert (unknown["status"], unknown["message"]) == (400, "chargingMetaInfoId不存在")
    fail_later(city, ids=["M-1"])
    city.report_status()
    other = report_again(city, "M-1", cellId="C-2")
    assert (other["status"], other["message"]) == (400, "cellId与chargingMetaInfoId不符")
    assert statuses(city) == []


def test_orders_add_up_and_a_reset_ends_them(city: City) -> None:
    fail_later(city, times=2)
    answer = city.control.call("POST", "later-failures", json={"times": 3, "cells": ["C-9"]})
    assert answer.json() == {"left": 5}
    city.control.call("POST", "reset")
    city.report_status()
    assert len(statuses(city)) == 1


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ({"times": 0}, "times must be a whole number from 1"),
        ({"times": "1"}, "times must be a whole number from 1"),
        ({"cells": "C-1"}, "cells and ids must be lists of text"),
        ({"ids": [7]}, "cells and ids must be lists of text"),
        ({"status": "500"}, "status must be a whole number"),
        ({"message": 7}, "message text"),
        ({"cell": "C-1"}, "unknown: cell; known: times, cells, status, message, ids"),
    ],
)
def test_a_wrong_order_is_explained(city: City, order: dict[str, Any], message: str) -> None:
    answer = city.control.call("POST", "later-failures", json=order)
    assert (answer.status_code, message in answer.json()["message"]) == (400, True)
