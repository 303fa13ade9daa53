from datetime import UTC, datetime

import fakeredis
import pytest

from tests.worker.vendors.city import BASE, SETTINGS, city, minus, record, success
from tests.worker.vendors.scripted import Clock, Script, answer, make
from worker.exchange import Answer, NoAnswer
from worker.outcomes import TryLater
from worker.vendor import CannotSign

TOKEN_URL = f"{BASE}/platform/management/operatorAPIToken"
DOCUMENT_TIME = datetime(2022, 2, 28, 5, 45, 4, tzinfo=UTC)  # 13:45:04 in Shanghai

# printf 'datetime: 2022-02-28 13:45:04\noperatorid: 395815801[\ntoken: 8d3c9a]' |
#   openssl dgst -sha256 -hmac s3cret-key -binary | base64
RAW_TWO = "iDIFmGNH+rEXBaiCZQHF0QjZbp5WNzV3yJSNx35SS7U="
RAW_THREE = "oArvvuEO/JDN676mGSR5GWAAgo1TtdwV2dcMKM8/Tnw="
# … | openssl dgst -sha256 -hmac s3cret-key -hex | sed 's/.*= //' | tr -d '\n' | base64 -w0
HEX_TWO = "ODgzMjA1OTg2MzQ3ZmFiMTE3MDVhODgyNjUwMWM1ZDEwOGQ5NmU5ZTU2MzczNTc3Yzg5NDhkYzc3ZTUyNGJiNQ=="
HEX_THREE = (
    "YTAwYWVmYmVlMTBlZmM5MGNkZWJiZWE2MTkyNDc5MTk2MDAwODI4ZDUzYjVkYzE1ZDlkNzBjMjhjZjNmNGU3Yw=="
)


@pytest.mark.parametrize(
    ("encoding", "two_lines", "three_lines"),
    [("raw", RAW_TWO, RAW_THREE), ("hex", HEX_TWO, HEX_THREE)],
)
def test_the_token_call_signs_two_lines_and_every_other_call_three(
    encoding: str, two_lines: str, three_lines: str
) -> None:
    system = city(Clock(DOCUMENT_TIME), signature_encoding=encoding)
    http = Script([success("8d3c9a"), success()])
    http.send(system.request([record()]), system.auth(http))  # type: ignore[arg-type]
    token_call, call = http.sent
    assert (token_call.method, token_call.url) == ("GET", TOKEN_URL)
    assert token_call.headers["Datetime"] == "2022-02-28 13:45:04"
    assert token_call.headers["OperatorId"] == "395815801"
    assert "Token" not in token_call.headers
    assert token_call.headers["Signature"] == two_lines
    assert call.headers["Token"] == "8d3c9a"
    assert call.headers["Signature"] == three_lines


def test_signing_happens_when_the_request_is_sent() -> None:
    clock = Clock(DOCUMENT_TIME)
    system = city(clock)
    http = Script([success("8d3c9a"), success(), success()])
    auth = system.auth(http)  # type: ignore[arg-type]
    http.send(system.request([record()]), auth)
    clock.forward(seconds=61)
    http.send(system.request([record()]), auth)
    assert [r.headers["Datetime"] for r in http.sent[1:]] == [
        "2022-02-28 13:45:04",
        "2022-02-28 13:46:05",
    ]
    assert http.sent[1].headers["Signature"] == RAW_THREE
    assert http.sent[2].headers["Signature"] != RAW_THREE


def test_the_token_is_fetched_once() -> None:
    system, http = city(), Script([success("8d3c9a")])
    for _ in range(3):
        system.auth(http)  # type: ignore[arg-type]
    assert len(http.sent) == 1


@pytest.mark.parametrize(
    ("given", "after_s"),
    [
        (minus("签名有误"), None),
        (minus("运营商secret不存在"), None),
        (answer(b"", 500), None),
        (answer(b"", 429, Retry_After="30"), 30.0),
        (answer({"error": "x"}, 400), None),
        (answer(b"<html>", 200), None),
        (success(None), None),
        (success(""), None),
        (success({"token": "x"}), None),
        (success("two words"), None),
        (success("line\nbreak"), None),
        (success("令牌"), None),
        (success("x" * 5000), None),
    ],
)
def test_without_a_token_the_lane_waits_and_nothing_is_refused(
    given: Answer, after_s: float | None
) -> None:
    with pytest.raises(CannotSign) as caught:
        city().auth(Script([given]))  # type: ignore[arg-type]
    outcome = caught.value.outcome
    assert isinstance(outcome, TryLater)
    assert (outcome.after_s, outcome.whole_lane) == (after_s, True)


def test_a_token_call_that_is_not_answered_says_so() -> None:
    http = Script([NoAnswer("the connection was refused", sent=False)])
    with pytest.raises(NoAnswer):
        city().auth(http)  # type: ignore[arg-type]


def test_without_the_broker_nothing_is_signed() -> None:
    broker = fakeredis.FakeServer()
    broker.connected = False
    system = make("charging_station", SETTINGS, broker=broker)
    with pytest.raises(CannotSign) as caught:
        system.auth(Script())  # type: ignore[arg-type]
    assert isinstance(caught.value.outcome, TryLater)


@pytest.mark.parametrize(
    "refusal",
    [
        minus("token 已过期"),
        minus("token 不能为空"),
        minus("令牌无效"),
        minus("登录已失效"),
        answer({"status": 401, "message": "权限错误"}),
        answer({"status": "401", "message": "权限错误"}),
        answer({"message": "Unauthenticated."}, 401),
        answer(b"", 401),
        answer({"status": 403, "message": "token expired"}, 403),
    ],
)
def test_a_refused_token_is_replaced_by_a_new_one(refusal: Answer) -> None:
    system, http = city(), Script([success("old"), success("new"), success()])
    auth = system.auth(http)  # type: ignore[arg-type]
    assert system.renew(refusal, auth, http)  # type: ignore[arg-type]
    http.send(system.request([record()]), system.auth(http))  # type: ignore[arg-type]
    assert http.sent[-1].headers["Token"] == "new"
    assert len(http.sent) == 3


@pytest.mark.parametrize(
    "other",
    [
        success(),
        success("token"),
        answer({"status": 200, "message": "token ok"}),
        minus("签名有误"),
        minus("cellId不能为空"),
        answer({"status": 400, "message": "第1个数据有误:cellId token-3"}),
        answer({"status": 401, "message": "签名有误"}),
        answer(b"token", 500),
        answer(b"token"),
        answer([1]),
    ],
)
def test_another_answer_renews_nothing(other: Answer) -> None:
    system, http = city(), Script([success("old")])
    auth = system.auth(http)  # type: ignore[arg-type]
    assert not system.renew(other, auth, http)  # type: ignore[arg-type]
    assert len(http.sent) == 1


def test_a_token_that_another_thread_has_renewed_is_not_fetched_again() -> None:
    system, http = city(), Script([success("old"), success("new")])
    first, second = system.auth(http), system.auth(http)  # type: ignore[arg-type]
    assert system.renew(minus("token 已过期"), first, http)  # type: ignore[arg-type]
    assert system.renew(minus("token 已过期"), second, http)  # type: ignore[arg-type]
    assert len(http.sent) == 2


def test_a_new_token_that_cannot_be_had_makes_the_lane_wait() -> None:
    system, http = city(), Script([success("old"), minus("签名有误")])
    auth = system.auth(http)  # type: ignore[arg-type]
    with pytest.raises(CannotSign) as caught:
        system.renew(minus("token 已过期"), auth, http)  # type: ignore[arg-type]
    assert isinstance(caught.value.outcome, TryLater)


def test_without_our_signature_there_is_nothing_to_renew() -> None:
    assert not city().renew(answer(b"", 401), None, Script())  # type: ignore[arg-type]
