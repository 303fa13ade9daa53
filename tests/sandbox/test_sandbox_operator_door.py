"""The city platform lets in one operator's signed calls with a living token, and nobody else."""

import base64
import hmac
import time

import pytest

from tests.sandbox.callers import OPERATOR_ID, SECRET, City, Control, SandboxWith, shanghai_now

TOKEN_PATH = "/platform/management/operatorAPIToken"
STATUS_PATH = "/platform/report/chargingMetaInfo"


def test_a_token_is_random_and_its_fetches_are_counted(city: City) -> None:
    assert city.fetch_token() != city.fetch_token()
    assert city.control.counters()["token_fetches"] == 2


def test_a_new_token_leaves_the_one_before_it_valid(city: City) -> None:
    first = city.fetch_token()
    city.fetch_token()
    city.token = first
    assert city.report_status()["status"] == 200


def test_the_token_call_signs_no_token_line(city: City) -> None:
    answer = city.call("GET", TOKEN_PATH, city.headers(with_token=True))
    assert (answer["status"], answer["message"]) == (-1, "签名有误")


@pytest.mark.parametrize("header", ["Datetime", "OperatorId", "Token", "Signature"])
def test_a_call_without_one_of_the_four_headers_is_refused(city: City, header: str) -> None:
    headers = city.headers()
    del headers[header]
    answer = city.call("POST", STATUS_PATH, headers, json=city.status())
    assert answer["status"] == -1
    assert header in answer["message"]
    assert city.control.counters()["refused"] == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"Signature": "AAAA"}, "签名有误"),
        ({"Token": "never-issued"}, "token 已过期"),
        ({"OperatorId": "999999999"}, "运营商secret不存在"),
        ({"Datetime": shanghai_now(-3600)}, "权限错误：datetime不在5分钟内"),
        ({"Datetime": shanghai_now(+3600)}, "权限错误：datetime不在5分钟内"),
        ({"Datetime": "2022-2-8 1:45:04"}, "权限错误：datetime不在5分钟内"),
    ],
)
def test_a_call_that_may_not_be_made_is_answered_with_minus_one(
    city: City, changes: dict[str, str], message: str
) -> None:
    answer = city.call("POST", STATUS_PATH, city.headers(**changes), json=city.status())
    assert answer == {"status": -1, "message": message, "data": message}
    assert city.control.keys() == []


def test_a_clock_four_minutes_away_is_near_enough(city: City) -> None:
    headers = city.headers(Datetime=shanghai_now(-240))
    assert city.call("POST", STATUS_PATH, headers, json=city.status())["status"] == 200


def test_a_token_ends_with_its_lifetime(sandbox_with: SandboxWith) -> None:
    url = sandbox_with({"short": {"system": "charging_station", "token_lifetime_s": 0.001}})
    city = City(f"{url}/short", Control(url, "short"))
    city.fetch_token()
    time.sleep(0.05)
    assert city.report_status()["message"] == "token 已过期"


def test_a_platform_that_signs_hex_refuses_a_raw_signature(sandbox_with: SandboxWith) -> None:
    url = sandbox_with({"old": {"system": "charging_station", "signature_encoding": "hex"}})
    city = City(f"{url}/old", Control(url, "old"))
    now = shanghai_now()
    lines = f"datetime: {now}\noperatorid: {OPERATOR_ID}"
    digest = hmac.new(SECRET.encode(), lines.encode(), "sha256").hexdigest()
    signature = base64.b64encode(digest.encode()).decode()
    headers = {"Datetime": now, "OperatorId": OPERATOR_ID, "Signature": signature}
    assert city.call("GET", TOKEN_PATH, headers)["status"] == 200
    assert city.call("GET", TOKEN_PATH, city.headers(with_token=False))["message"] == "签名有误"
