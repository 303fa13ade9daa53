from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import fakeredis
import pytest
import requests

from tests.worker.vendors.scripted import Clock, Script, answer, make
from tests.worker.vendors.test_sgm_info4 import (
    BASE,
    KEY,
    SETTINGS,
    TOKEN,
    gateway,
    issued,
    record,
    said,
    success,
)
from worker.events import Kind
from worker.exchange import Answer, NoAnswer
from worker.outcomes import Accepted, TryLater
from worker.pace import Pace
from worker.sender import Sender
from worker.vendor import CannotSign
from worker.vendors.sgm_info4.totp import auth_code

KEY_URL = f"{BASE}/info4gw/apigateway/public/generateAppKey/0lsQoWek"
DOCUMENT_MS = 1593676903748
DOCUMENT_TIME = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=DOCUMENT_MS)
DOCUMENT_CODE = "47923565"
OTHER_KEY = "caabad0eb7c9440f94a1bbf1fa01efc7"


def test_the_documents_example_of_an_auth_code() -> None:
    assert auth_code(KEY, DOCUMENT_MS) == DOCUMENT_CODE


@pytest.mark.parametrize(
    ("step", "code"),
    [
        (1, "46119246"),
        (37037036, "68084774"),
        (37037037, "67062674"),
        (41152263, "91819424"),
        (66666666, "90698825"),
        (666666666, "77737706"),
    ],
)
def test_the_vectors_of_rfc_6238(step: int, code: str) -> None:
    assert auth_code("12345678901234567890123456789012", step * 60_000) == code


def test_a_code_keeps_its_leading_zeros() -> None:
    # printf '%016x' 26561410 | xxd -r -p | openssl dgst -sha256 -hmac $KEY ends in 9, and
    # its bytes from the ninth on are 8bf8bbd6: without the sign bit 200850390
    assert auth_code(KEY, 26561410 * 60_000) == "00850390"


def test_a_code_holds_for_its_minute_and_no_longer() -> None:
    begin = DOCUMENT_MS - DOCUMENT_MS % 60_000
    codes = [auth_code(KEY, at) for at in (begin - 1, begin, begin + 59_999, begin + 60_000)]
    assert codes[1] == codes[2] == DOCUMENT_CODE
    assert len({codes[0], codes[1], codes[3]}) == 3


def http(*answers: Answer | NoAnswer) -> Script:
    return Script(list(answers))


def signed(script: Script, **settings: str) -> requests.PreparedRequest:
    system = gateway(Clock(DOCUMENT_TIME), **settings)
    script.send(system.request([record()]), system.auth(script))  # type: ignore[arg-type]
    return script.sent[-1]


def test_a_call_carries_the_headers_of_the_documents_table() -> None:
    headers = signed(http(issued(), success())).headers
    assert dict(headers) == {
        "Content-Type": "application/json;charset=UTF-8",
        "Content-Length": headers["Content-Length"],
        "appId": "0lsQoWek",
        "timestamp": str(DOCUMENT_MS),
        "authCode": DOCUMENT_CODE,
        "idpUserId": "idp-1",
        "accessToken": TOKEN,
    }


def test_headers_may_be_spelled_as_elsewhere_in_the_document_and_by_a_client() -> None:
    spelled = {"idp_user_header": "ipdUserId", "timestamp_header": "timeStamp"}
    names = list(signed(http(issued(), success()), **spelled).headers)
    assert {"ipdUserId", "timeStamp", "accessToken"} <= set(names)
    assert not {"idpUserId", "timestamp"} & set(names)


def test_a_call_without_a_user_carries_no_access_token() -> None:
    script = http(issued(), success())
    system = gateway(Clock(DOCUMENT_TIME))
    operation = system.operations["create-order"]
    asked = operation.arguments.model_validate({"uuid": "u" * 32, "sidTag": "SD"})
    script.send(operation.request(system, asked), system.auth(script))  # type: ignore[arg-type]
    assert script.sent[-1].headers["authCode"] == DOCUMENT_CODE
    assert not {"accessToken", "idpUserId"} & set(script.sent[-1].headers)


def test_signing_happens_when_the_request_is_sent() -> None:
    clock = Clock(DOCUMENT_TIME)
    system, script = gateway(clock), http(issued(), success(), success())
    auth = system.auth(script)  # type: ignore[arg-type]
    script.send(system.request([record()]), auth)
    clock.forward(minutes=2)
    script.send(system.request([record()]), auth)
    first, second = (request.headers for request in script.sent[1:])
    assert int(second["timestamp"]) - int(first["timestamp"]) == 120_000
    assert second["authCode"] != first["authCode"]


def test_the_app_key_is_fetched_as_the_document_shows_it() -> None:
    script = http(issued())
    gateway().auth(script)  # type: ignore[arg-type]
    (call,) = script.sent
    assert (call.method, call.url, call.body) == ("POST", KEY_URL, b"{}")
    assert call.headers["Content-Type"] == "application/json;charset=UTF-8"
    assert "authCode" not in call.headers


@pytest.mark.parametrize(
    ("settings", "url"),
    [
        (
            {"app_key_url": "https://keys.example:667/"},
            KEY_URL.replace(BASE, "https://keys.example:667"),
        ),
        (
            {"app_key_url": "https://keys.example/info4gw"},
            KEY_URL.replace(BASE, "https://keys.example"),
        ),
        ({"app_id": "a/b?c"}, KEY_URL.replace("0lsQoWek", "a%2Fb%3Fc")),
    ],
)
def test_where_the_app_key_is_fetched(settings: dict[str, str], url: str) -> None:
    script = http(issued())
    gateway(**settings).auth(script)  # type: ignore[arg-type]
    assert script.sent[0].url == url


def test_the_app_key_is_fetched_once_whatever_lifetime_it_states() -> None:
    clock, script = Clock(DOCUMENT_TIME), http(issued())
    system = gateway(clock)
    for _ in range(3):
        system.auth(script)  # type: ignore[arg-type]
        clock.forward(days=30)
    assert len(script.sent) == 1


def test_workers_and_vendors_of_one_app_share_its_key() -> None:
    broker, script = fakeredis.FakeServer(), http(issued())
    for _ in range(2):
        make("sgm_info4", SETTINGS, broker=broker).auth(script)  # type: ignore[arg-type]
    other_user = SETTINGS | {"idp_user_id": "idp-2"}
    make("sgm_info4", other_user, broker=broker).auth(script)  # type: ignore[arg-type]
    assert len(script.sent) == 1


def test_another_app_has_a_key_of_its_own() -> None:
    broker, script = fakeredis.FakeServer(), http(issued(), issued(OTHER_KEY))
    make("sgm_info4", SETTINGS, broker=broker).auth(script)  # type: ignore[arg-type]
    make("sgm_info4", SETTINGS | {"app_id": "x"}, broker=broker).auth(script)  # type: ignore[arg-type]
    assert len(script.sent) == 2


def tell(*answers: Answer | NoAnswer) -> tuple[object, list[object], Script]:
    """One try at telling a record, as the worker does it."""
    script, clock = http(*answers), Clock(DOCUMENT_TIME)
    pace = Pace(None, clock=lambda: 0.0, sleep=lambda _: None)
    sender = Sender(gateway(clock), script, pace, clock=clock, keep_bytes=4096)  # type: ignore[arg-type]
    outcome, attempts = sender.tell(Kind.CHARGE_RECORD, [record()], (1,))
    return outcome, list(attempts), script


def test_a_refused_auth_code_leads_to_one_renewal_and_one_resend() -> None:
    outcome, attempts, script = tell(issued(), said("0003"), issued(OTHER_KEY), success())
    assert outcome == Accepted("Success", "0000")
    assert [request.url == KEY_URL for request in script.sent] == [True, False, True, False]
    assert script.sent[1].headers["authCode"] == DOCUMENT_CODE
    assert script.sent[3].headers["authCode"] == auth_code(OTHER_KEY, DOCUMENT_MS)
    assert len(attempts) == 2


def test_an_auth_code_that_is_refused_again_makes_the_lane_wait() -> None:
    outcome, _, script = tell(issued(), said("0003"), issued(OTHER_KEY), said("0003"))
    assert isinstance(outcome, TryLater)
    assert (outcome.code, outcome.whole_lane) == ("0003", True)
    assert len(script.sent) == 4


def test_a_gateway_that_gives_the_same_key_again_is_asked_once_more_and_no_oftener() -> None:
    outcome, _, script = tell(issued(), said("0003"), issued(), success())
    assert isinstance(outcome, Accepted)
    assert len(script.sent) == 4


def test_eight_refusals_renew_the_key_once() -> None:
    system, script = gateway(), http(issued(), issued(OTHER_KEY))
    stale = [system.auth(script) for _ in range(8)]  # type: ignore[arg-type]
    with ThreadPoolExecutor(8) as pool:
        renewed = pool.map(lambda auth: system.renew(said("0003"), auth, script), stale)  # type: ignore[arg-type]
        assert all(renewed)
    assert len(script.sent) == 2


@pytest.mark.parametrize(
    "other",
    [success(), said("0002"), said("0001"), said("3"), said(3), answer(b"0003"), answer([1])],
)
def test_another_answer_renews_nothing(other: Answer) -> None:
    system, script = gateway(), http(issued())
    auth = system.auth(script)  # type: ignore[arg-type]
    assert not system.renew(other, auth, script)  # type: ignore[arg-type]
    assert len(script.sent) == 1


def test_without_our_signature_there_is_nothing_to_renew() -> None:
    assert not gateway().renew(said("0003"), None, Script())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "code", "after_s"),
    [
        (said("0011", {}, "App does not exist"), "0011", None),
        (said("0004"), "0004", None),
        (said("998"), "998", None),
        (said("0006"), "0006", None),
        (said("7777"), "7777", None),
        (answer(b"", 500), "500", None),
        (answer(b"", 429, Retry_After="30"), "429", 30.0),
        (answer(b"No required SSL certificate was sent", 400), "400", None),
        (answer(b"<html>"), "200", None),
        (success(), "0000", None),
        (success({"appKey": None}), "0000", None),
        (success({"appKey": "short"}), "0000", None),
        (success({"appKey": KEY + " "}), "0000", None),
        (success({"appKey": "密" * 32}), "0000", None),
        (success([KEY]), "0000", None),
    ],
)
def test_without_an_app_key_the_lane_waits_and_nothing_is_refused(
    given: Answer, code: str, after_s: float | None
) -> None:
    with pytest.raises(CannotSign) as caught:
        gateway().auth(Script([given]))  # type: ignore[arg-type]
    outcome = caught.value.outcome
    assert isinstance(outcome, TryLater)
    assert (outcome.code, outcome.after_s, outcome.whole_lane) == (code, after_s, True)
    assert outcome.reason.startswith("no AppKey: ")


@pytest.mark.parametrize("sent", [True, False])
def test_a_key_call_that_is_not_answered_makes_the_lane_wait(sent: bool) -> None:
    outcome, attempts, _ = tell(NoAnswer("TLS failed", sent=sent))
    assert isinstance(outcome, TryLater)
    assert outcome.whole_lane
    assert "client_cert" in outcome.reason
    assert attempts == []


def test_a_new_key_that_cannot_be_had_makes_the_lane_wait() -> None:
    outcome, _, script = tell(issued(), said("0003"), said("0011"))
    assert isinstance(outcome, TryLater)
    assert (outcome.code, outcome.whole_lane) == ("0011", True)
    assert len(script.sent) == 3


def test_without_the_broker_nothing_is_signed() -> None:
    broker = fakeredis.FakeServer()
    broker.connected = False
    with pytest.raises(CannotSign) as caught:
        make("sgm_info4", SETTINGS, broker=broker).auth(Script())  # type: ignore[arg-type]
    assert isinstance(caught.value.outcome, TryLater)


def test_neither_key_nor_token_is_shown_or_kept() -> None:
    outcome, attempts, script = tell(issued(), said("0003"), issued(OTHER_KEY), said("0003"))
    system = gateway()
    auth = system.auth(http(issued()))  # type: ignore[arg-type]
    shown = repr([outcome, attempts, script.sent, system, system.settings, auth])
    shown += str(system.settings) + system.settings.model_dump_json()
    for secret in (KEY, OTHER_KEY, TOKEN):
        assert secret not in shown
