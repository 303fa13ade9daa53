"""The city platform asks the operator for past data and tells it of risks, on demand."""

import socket
from collections.abc import Iterator

import pytest
import requests

from tests.sandbox.callers import OPERATOR_ID, SECRET, City, hmac_signature
from tests.sandbox.receiver import Called, Receiver, receiver

CALLBACKS = "/platform/management/callbackUrl"
RISK = {"cellId": "C-1", "riskLevel": "高风险", "riskReason": "温度过高"}
MOMENT = "2024-05-01 08:00:00"


@pytest.fixture
def operator() -> Iterator[Receiver]:
    """Answers the platform's calls."""
    with receiver({"status": 200, "message": "ok", "data": {"cellId": "C-1"}}) as door:
        yield door


def tell_url(city: City, name: str, url: str) -> None:
    query = {"operatorId": OPERATOR_ID, "url": url}
    assert city.call("PUT", f"{CALLBACKS}/{name}", params=query)["status"] == 200


def ask(city: City, what: str, content: object) -> requests.Response:
    return city.control.call("POST", what, json=content)


def assert_signed(called: Called) -> None:
    names = ("Datetime", "OperatorId", "Token")
    lines = "\n".join(f"{name.lower()}: {called.headers[name]}" for name in names)
    assert called.headers["Signature"] == hmac_signature(SECRET, lines)


def test_the_platform_asks_for_a_cells_data_at_a_moment(city: City, operator: Receiver) -> None:
    tell_url(city, "getChargingMetaInfo", f"{operator.url}/pull?who=city")
    answer = ask(city, "pull", {"cellId": "C-1", "updateDatetime": MOMENT})
    assert answer.json() == {"status": 200, "body": operator.usual[1]}
    called = operator.next()
    assert (called.method, called.path) == ("GET", "/pull")
    asked = {"operatorId": OPERATOR_ID, "cellId": "C-1", "updateDatetime": MOMENT}
    assert called.query == {"who": "city", **asked}
    assert_signed(called)


def test_the_platform_tells_of_a_risk(city: City, operator: Receiver) -> None:
    tell_url(city, "notifyCellRisk", f"{operator.url}/risk")
    operator.answer_next((403, "no"))
    told = RISK | {"platformDatetime": MOMENT}
    assert ask(city, "risk", told).json() == {"status": 403, "body": "no"}
    called = operator.next()
    assert (called.method, called.target) == ("POST", "/risk")
    assert called.told == told | {"operatorId": OPERATOR_ID}
    assert_signed(called)


def test_a_risk_is_told_as_of_now_unless_a_time_is_given(city: City, operator: Receiver) -> None:
    tell_url(city, "notifyCellRisk", operator.url)
    ask(city, "risk", RISK)
    called = operator.next()
    assert called.told["platformDatetime"] == called.headers["Datetime"]


def test_a_platform_that_issued_no_token_signs_some_text(city: City, operator: Receiver) -> None:
    tell_url(city, "notifyCellRisk", operator.url)
    city.control.fault("expired_token", times=1)
    city.report_status()
    ask(city, "risk", RISK)
    called = operator.next()
    assert called.headers["Token"] == "none"
    assert_signed(called)


def test_the_calls_made_last_are_shown(city: City, operator: Receiver) -> None:
    tell_url(city, "notifyCellRisk", f"{operator.url}/risk")
    operator.answer_next((200, {"status": 200}), (200, {"status": -1}))
    for _ in range(2):
        ask(city, "risk", RISK)
    calls = city.control.call("GET", "calls").json()
    assert [call.pop("at") > 0 for call in calls] == [True, True]
    begin = {"callback": "notifyCellRisk", "url": f"{operator.url}/risk", "status": 200}
    assert calls == [begin | {"body": {"status": 200}}, begin | {"body": {"status": -1}}]
    counters = city.control.counters()
    assert (counters["callbacks_sent"], counters["callbacks_refused"]) == (2, 1)
    city.control.call("POST", "reset")
    assert city.control.call("GET", "calls").json() == []


def test_nobody_at_the_url_is_told_as_no_status(city: City) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    tell_url(city, "notifyCellRisk", f"http://127.0.0.1:{port}")
    answer = ask(city, "risk", RISK).json()
    assert answer["status"] is None
    assert answer["body"].startswith("ClientConnectorError")


@pytest.mark.parametrize(
    ("what", "content", "message"),
    [
        ("pull", {"cellId": "C-1"}, f"no URL was told by PUT {CALLBACKS}/getChargingMetaInfo"),
        ("risk", RISK, f"no URL was told by PUT {CALLBACKS}/notifyCellRisk"),
        ("risk", RISK | {"cellId": 7}, "must be text"),
        ("pull", {"cell": "C-1"}, "unknown: cell; known: cellId, updateDatetime"),
    ],
)
def test_a_call_that_cannot_be_made_is_explained(
    city: City, what: str, content: object, message: str
) -> None:
    answer = ask(city, what, content)
    assert (answer.status_code, message in answer.json()["message"]) == (400, True)


def test_a_reset_forgets_the_urls(city: City, operator: Receiver) -> None:
    tell_url(city, "notifyCellRisk", operator.url)
    city.control.call("POST", "reset")
    assert ask(city, "risk", RISK).status_code == 400
