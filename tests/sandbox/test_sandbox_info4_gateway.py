"""The car maker's gateway lets in one app and its user, and tells the AppKey over TLS only."""

from pathlib import Path

import pytest
import requests

from sandbox import info4_gateway
from tests.sandbox import car_maker
from tests.sandbox.callers import Control, StartSandbox
from tests.sandbox.car_maker import APP_KEY, MAP, STATION, UUID, App, now_ms, totp
from tests.sandbox.certificates import Certificate

ORDER = {"uuid": UUID, "sidTag": "SD"}
ORDER_PATH = f"{MAP}/createOrder"
STATIONS_PATH = f"{STATION}/csds/queryStationNew"
OTHER_KEY = "caabad0eb7c9440f94a1bbf1fa01efc7"


@pytest.mark.parametrize("code", [info4_gateway.auth_code, totp])
def test_the_auth_code_is_the_one_that_the_document_prints(code: object) -> None:
    assert callable(code)
    assert code(APP_KEY, 1593676903748) == "47923565"
    # the counter is 1700000000000 // 60000 = 0x1b05515:
    #   printf '\0\0\0\0\x01\xb0\x55\x15' | openssl dgst -sha256 -hmac $OTHER_KEY
    #   ends in 0d: from byte 13 on 4237b0e7, of which the last 8 digits in decimal
    assert code(OTHER_KEY, 1700000000000) == "34340540"
    # 602730000000 // 60000 = 0x99483c: ...83c84 ends in 4: from byte 4 on c793afbd & 7fffffff
    assert code(APP_KEY, 602730000000) == "00861117"


@pytest.mark.parametrize("away_ms", [0, -55_000, 55_000])
def test_a_clock_less_than_a_minute_away_is_near_enough(app: App, away_ms: int) -> None:
    assert app.code(ORDER_PATH, ORDER, app.headers(away_ms=away_ms)) == "0000"


@pytest.mark.parametrize("step", [-1, 0, 1])
def test_the_code_of_the_step_before_and_after_is_taken(app: App, step: int) -> None:
    step_ms = 60_000
    begin_ms = now_ms() // step_ms * step_ms
    if begin_ms + step_ms - now_ms() < 2_000:
        step = max(step, 0)  # the next step is about to begin
    headers = app.headers(authCode=totp(APP_KEY, begin_ms + step * step_ms))
    assert app.code(ORDER_PATH, ORDER, headers) == "0000"


@pytest.mark.parametrize("away_ms", [-90_000, 90_000])
def test_a_clock_more_than_a_minute_away_is_refused(app: App, away_ms: int) -> None:
    answer = app.ask(ORDER_PATH, ORDER, app.headers(away_ms=away_ms))
    expected = {"resultCode": "0002", "message": "TimeStamp validation failed", "dataSet": {}}
    assert answer == expected


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"appId": None}, "6002"),
        ({"timestamp": None}, "6002"),
        ({"authCode": None}, "6002"),
        ({"appId": "another"}, "0001"),
        ({"timestamp": "1593676903748"}, "0002"),
        ({"timestamp": "now"}, "0002"),
        ({"timestamp": "1593676903"}, "0002"),
        ({"authCode": "00000000"}, "0003"),
        ({"authCode": "47923565"}, "0003"),
        ({"authCode": "x"}, "0003"),
        ({"Content-Type": "text/plain"}, "4005"),
    ],
)
def test_a_call_that_may_not_pass_is_refused_by_its_code(
    app: App, changes: dict[str, str | None], code: str
) -> None:
    told = {name.replace("-", "_"): value for name, value in changes.items()}
    assert app.code(ORDER_PATH, ORDER, app.headers(**told)) == code
    counters = app.control.counters()
    assert (counters["refused"], counters["accepted_items"]) == (1, 0)


@pytest.mark.parametrize(
    "changes",
    [
        {"idpUserId": None},
        {"accessToken": None},
        {"idpUserId": "idp-2"},
        {"accessToken": "another"},
    ],
)
def test_a_private_call_needs_its_user_and_the_others_do_not(
    app: App, changes: dict[str, str | None]
) -> None:
    headers = app.headers(**changes)
    assert app.code(STATIONS_PATH, {}, headers) == "1007"
    assert app.code(ORDER_PATH, ORDER, headers) == "0000"


def test_the_users_header_may_be_spelled_as_in_the_documents_examples(app: App) -> None:
    headers = app.headers(idpUserId=None, ipdUserId="idp-1")
    assert app.code(STATIONS_PATH, {}, headers) == "0000"


def test_a_path_or_method_that_is_not_known_is_refused_with_http_200(app: App) -> None:
    assert app.code("/info4gw/apigateway/nothing", {}) == "0010"
    assert app.ask(ORDER_PATH, None, method="GET")["resultCode"] == "4002"
    assert app.ask(car_maker.APP_KEY_PATH + "x", None, method="GET")["resultCode"] == "4002"


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'"text"', b"\xff"])
def test_a_body_that_is_no_json_object_is_refused(app: App, raw: bytes) -> None:
    assert app.ask(ORDER_PATH, None, data=raw)["resultCode"] == "4001"


def test_an_expired_token_fault_signs_the_user_out(app: App) -> None:
    app.control.fault("expired_token", times=1)
    assert app.code(STATIONS_PATH, {}) == "1007"
    assert app.code(STATIONS_PATH, {}) == "1007"
    signed_in = app.control.call("POST", "sign_in", json={"access_token": "second"})
    assert signed_in.status_code == 200
    assert app.code(STATIONS_PATH, {}) == "1007"
    assert app.code(STATIONS_PATH, {}, app.headers(accessToken="second")) == "0000"
    app.control.call("POST", "reset")
    assert app.code(STATIONS_PATH, {}) == "0000"


def test_the_app_key_is_not_told_over_plain_http(app: App) -> None:
    assert app.app_key_call().json()["resultCode"] == "0004"
    assert app.control.counters()["token_fetches"] == 0


def test_a_caller_without_a_certificate_cannot_connect(
    tls_sandbox: tuple[str, str], papers: dict[str, Certificate]
) -> None:
    _, url = tls_sandbox
    server, stranger = str(papers["server"].cert), papers["stranger"].pair
    with requests.Session() as session:
        app = App(f"{url}/car-maker", Control(url, "car-maker"), session=session)
        for cert in (None, stranger):
            with pytest.raises(requests.ConnectionError):
                app.app_key_call(verify=server, cert=cert)


def test_a_rotated_app_key_is_refused_until_it_is_fetched_anew(
    tls_sandbox: tuple[str, str], papers: dict[str, Certificate]
) -> None:
    url, tls_url = tls_sandbox
    control = Control(url, "car-maker")
    app = App(f"{url}/car-maker", control)
    secure = App(f"{tls_url}/car-maker", control)
    paper = {"verify": str(papers["server"].cert), "cert": papers["client"].pair}
    first = secure.app_key_call(**paper).json()
    assert first["dataSet"] == {"appKey": APP_KEY, "expirationMinutes": 600}
    control.fault("rotated_app_key", times=1)
    assert secure.app_key_call(**paper).json()["dataSet"]["appKey"] == APP_KEY
    assert app.code(ORDER_PATH, ORDER) == "0003"
    assert app.code(ORDER_PATH, ORDER) == "0003"
    app.app_key = secure.app_key_call(**paper).json()["dataSet"]["appKey"]
    assert len(app.app_key) == 32
    assert app.app_key != APP_KEY
    assert app.code(ORDER_PATH, ORDER) == "0000"
    assert control.counters()["token_fetches"] == 3
    assert secure.app_key_call("another", **paper).json()["resultCode"] == "0011"
    for caller in (app, secure, control):
        caller.session.close()


def test_business_calls_are_answered_over_tls_too(
    tls_sandbox: tuple[str, str], papers: dict[str, Certificate]
) -> None:
    _, url = tls_sandbox
    with requests.Session() as session:
        session.trust_env = False
        session.verify, session.cert = str(papers["server"].cert), papers["client"].pair
        app = App(f"{url}/car-maker", Control(url, "car-maker", session), session=session)
        assert app.code(ORDER_PATH, ORDER) == "0000"
        assert app.control.counters()["accepted_by_kind"] == {"map-order": 1}


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--tls-port", "0"), "--tls-port, --tls-cert, --tls-key and --tls-client-ca go together"),
        (
            (
                *("--tls-port", "0", "--tls-cert", "no.pem", "--tls-key", "no.key"),
                *("--tls-client-ca", "no.pem"),
            ),
            "no.pem with no.key cannot be used: No such file",
        ),
    ],
)
def test_tls_that_cannot_be_served_is_explained_in_one_sentence(
    start_sandbox: StartSandbox, options: tuple[str, ...], complaint: str
) -> None:
    process = start_sandbox("--port", "0", *options)
    _, told = process.communicate(timeout=10)
    assert complaint in told
    assert told.count("\n") == 1
    assert process.returncode == 1


def test_a_client_ca_that_is_none_is_explained(
    start_sandbox: StartSandbox, papers: dict[str, Certificate], tmp_path: Path
) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing")
    paper = ("--tls-cert", str(papers["server"].cert), "--tls-key", str(papers["server"].key))
    process = start_sandbox("--port", "0", "--tls-port", "0", *paper, "--tls-client-ca", str(empty))
    _, told = process.communicate(timeout=10)
    assert "empty.pem cannot be used" in told


@pytest.mark.parametrize("vendor", ["mall-garage", "own-piles"])
def test_a_system_without_an_app_key_cannot_rotate_it(default_sandbox: str, vendor: str) -> None:
    control = Control(default_sandbox, vendor)
    answer = control.call("POST", "faults", json={"kind": "rotated_app_key"})
    assert answer.status_code == 400
    assert "has no app key that could be rotated" in answer.json()["message"]
    control.session.close()
