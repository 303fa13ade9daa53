"""The pile cloud calls the application back when a charge starts or ends, and on demand."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox import pile_cloud
from tests.sandbox.callers import Body, Control, SandboxWith, StartSandbox
from tests.sandbox.pile_cloud import Application, now_s
from tests.sandbox.receiver import Called, Receiver, receiver

CHARGE_ID = 1751254762038
RETRY_PATH = "/open/callback/retry/finish_order"
PORT = {"device_num": "18000001", "device_port": "1", "charge_id": str(CHARGE_ID)}
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def operator() -> Iterator[Receiver]:
    """Takes the cloud's callbacks."""
    with receiver({"code": 1, "message": "success"}) as door:
        yield door


@pytest.fixture
def cloud(application: Application, operator: Receiver) -> Application:
    """An application that has told where it is called back."""
    url = f"{operator.url}/callbacks/pile-cloud?token=a%2F%2Bb"
    assert order(application, "callback-url", {"url": url}) == {"url": url}
    return application


def order(application: Application, what: str, content: Body) -> Body:
    answer = application.control.call("POST", what, json=content)
    assert answer.status_code == 200, answer.text
    shown: Body = answer.json()
    return shown


def logged(application: Application) -> dict[str, dict[str, str]]:
    """The bodies in the callback log, as text."""
    rows = application.get("/open/callback/log", charge_id=CHARGE_ID)["data"]
    return {row["type"]: {name: str(value) for name, value in row["req"].items()} for row in rows}


def test_a_charge_that_starts_is_called_back_at_the_end_of_the_urls_path(
    cloud: Application, operator: Receiver
) -> None:
    cloud.start()
    called = operator.next()
    assert called.method == "POST"
    assert (called.path, called.query) == ("/callbacks/pile-cloud/start_power", {"token": "a/+b"})
    assert called.headers["Content-Type"] == FORM
    assert called.form == {"state": "0", **PORT}


def test_a_charge_that_ends_is_called_back_with_what_the_log_shows(
    cloud: Application, operator: Receiver
) -> None:
    cloud.start()
    cloud.stop()
    calls = sorted((operator.next() for _ in range(2)), key=lambda called: called.path)
    finish = calls[0]
    assert finish.path == "/callbacks/pile-cloud/finish_order"
    assert finish.form == logged(cloud)["finish_order"]
    assert PORT.items() <= finish.form.items()


def test_what_a_finished_charge_tells_fits_together(cloud: Application, operator: Receiver) -> None:
    cloud.start(total_fee=150)
    operator.next()
    cloud.stop()
    told = {name: int(value) for name, value in operator.next().form.items()}
    assert abs(told["end_time"] - now_s()) < 60
    assert told["time_used"] == told["end_time"] - told["start_time"] >= 60
    assert 0 <= told["pay_used"] <= told["pay_amount"] == 150
    assert told["eq_used"] > 0
    assert told["end_reason"] in range(51)


def test_a_port_whose_charge_has_ended_tells_what_its_callback_told(
    cloud: Application, operator: Receiver
) -> None:
    cloud.start()
    cloud.stop()
    told = logged(cloud)["finish_order"]
    port = cloud.get("/open/device/state", device_num="18000001")["data"]["ports"][0]
    names = ("start_time", "time_used", "eq_used", "pay_used")
    assert {name: str(port[name]) for name in names} == {name: told[name] for name in names}


@pytest.mark.parametrize("refusal", [(500, {"code": 1}), (200, {"code": 0}), (200, "success")])
def test_a_callback_that_is_not_taken_is_tried_again(
    cloud: Application, operator: Receiver, refusal: tuple[int, object]
) -> None:
    operator.answer_next(refusal)
    cloud.start()
    assert operator.next().form == operator.next().form
    cloud.control.wait_for("callbacks_sent", 2)
    assert cloud.control.counters()["callbacks_refused"] == 1


def test_a_withheld_callback_is_known_to_the_log_only_until_it_is_asked_for(
    cloud: Application, operator: Receiver
) -> None:
    lost = {"callbacks": ["finish_order"]}
    assert order(cloud, "withheld", lost) == lost
    cloud.start()
    cloud.stop()
    assert cloud.post(RETRY_PATH, charge_id=CHARGE_ID)["code"] == 1
    assert operator.next().path.endswith("/start_power")
    order(cloud, "withheld", {"callbacks": []})
    assert cloud.post(RETRY_PATH, charge_id=CHARGE_ID)["code"] == 1
    assert operator.next().form == logged(cloud)["finish_order"]
    cloud.control.wait_for("callbacks_sent", 2)
    assert operator.left == 0


def test_any_callback_can_be_made_on_demand(cloud: Application, operator: Receiver) -> None:
    fields = {"device_num": "18000001", "device_port": 2, "icc_id": "00277312", "pay_amount": 100}
    operator.answer_next((200, {"code": 0, "message": "余额不足"}))
    shown = order(cloud, "call", {"callback": "icc_pay_req", "fields": fields})
    assert shown == {"status": 200, "body": {"code": 0, "message": "余额不足"}}
    called = operator.next()
    assert called.path == "/callbacks/pile-cloud/icc_pay_req"
    assert called.headers["Content-Type"] == FORM
    assert called.form == {name: str(value) for name, value in fields.items()}


def test_offline_income_is_told_as_multipart(cloud: Application, operator: Receiver) -> None:
    fields = {"device_num": "18000001", "coin": 1200, "card": 0, "time": 1744285110}
    order(cloud, "call", {"callback": "offline_profit", "fields": fields})
    called = operator.next()
    assert called.path == "/callbacks/pile-cloud/offline_profit"
    assert called.headers["Content-Type"].startswith("multipart/form-data")
    assert called.form == {name: str(value) for name, value in fields.items()}


def signed_cloud(sandbox_with: SandboxWith, operator: Receiver, scheme: str) -> Application:
    settings = {"callback_url": operator.url, "callbacks_signed": True, "sign_scheme": scheme}
    url = sandbox_with({"cloud": {"system": "wanzhuang", **settings}})
    return Application(f"{url}/cloud", Control(url, "cloud"), scheme)


def assert_signed(called: Called, scheme: str) -> None:
    form = called.form
    sign = form.pop("sign")
    assert (form["app_id"], abs(int(form["timestamp"]) - now_s()) < 60) == ("app-1", True)
    assert sign == pile_cloud.sign(scheme, list(form.items()))


@pytest.mark.parametrize("scheme", ["md5_sorted_key", "hmac_sha256_sorted"])
def test_callbacks_are_signed_where_that_is_set(
    sandbox_with: SandboxWith, operator: Receiver, scheme: str
) -> None:
    cloud = signed_cloud(sandbox_with, operator, scheme)
    cloud.start()
    start = operator.next()
    assert start.target == "/start_power"
    assert {"state": "0", **PORT}.items() <= start.form.items()
    assert_signed(start, scheme)
    fields = {"device_num": "18000001", "coin": 1, "card": "", "time": 1}
    order(cloud, "call", {"callback": "offline_profit", "fields": fields})
    assert_signed(operator.next(), scheme)
    cloud.session.close()
    cloud.control.session.close()


def test_a_callback_url_that_was_set_is_there_again_after_a_reset(
    sandbox_with: SandboxWith, operator: Receiver
) -> None:
    settings = {"callback_url": f"{operator.url}/set/"}
    url = sandbox_with({"cloud": {"system": "wanzhuang", **settings}})
    cloud = Application(f"{url}/cloud", Control(url, "cloud"))
    order(cloud, "callback-url", {"url": ""})
    order(cloud, "withheld", {"callbacks": ["start_power"]})
    cloud.start()
    cloud.control.call("POST", "reset")
    cloud.start(charge_id=2)
    called = operator.next()
    assert (called.target, called.form["charge_id"]) == ("/set/start_power", "2")
    cloud.session.close()
    cloud.control.session.close()


@pytest.mark.parametrize(
    ("what", "content", "message"),
    [
        ("callback-url", {"url": "relay.example"}, "begin with http:// or https://"),
        ("callback-url", {}, "begin with http:// or https://"),
        ("withheld", {"callbacks": "finish_order"}, "a list of start_power, finish_order"),
        ("withheld", {"callbacks": ["finish"]}, "a list of start_power, finish_order"),
        ("call", {"callback": "finish", "fields": {}}, "one of start_power, finish_order"),
        ("call", {"callback": "finish_order"}, "fields must be an object"),
        ("call", {"callback": "finish_order", "fields": {"a": []}}, "text and numbers"),
        ("call", {"callback": "finish_order", "fields": {}}, "there is no callback URL"),
    ],
)
def test_a_wrong_control_call_is_explained(
    application: Application, what: str, content: object, message: str
) -> None:
    answer = application.control.call("POST", what, json=content)
    assert (answer.status_code, message in answer.json()["message"]) == (400, True)


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"callback_url": "relay.example"}, "callback_url must be empty or begin with http://"),
        ({"callbacks_signed": 1}, "callbacks_signed must be true or false"),
    ],
)
def test_a_wrong_setting_is_explained(
    start_sandbox: StartSandbox, tmp_path: Path, settings: Body, complaint: str
) -> None:
    file = tmp_path / "vendors.json"
    file.write_text(json.dumps({"vendors": {"a": {"system": "wanzhuang", **settings}}}))
    _, told = start_sandbox("--port", "0", "--config", str(file)).communicate(timeout=10)
    assert complaint in told
