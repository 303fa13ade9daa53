"""A system whose callbacks are forms: read within bounds, answered in its own shape."""

import hashlib
import hmac
import json

import pytest
import requests

from tests.worker.callbacks.platform_caller import Platform
from tests.worker.callbacks.served import CLOUD_TOKEN
from tests.worker.callbacks.traces import left
from tests.worker.desk import Desk
from worker.journal import callback_tables as told

Form = bytes | str | dict[str, str]
URLENCODED = {"Content-Type": "application/x-www-form-urlencoded"}
MULTIPART = {"Content-Type": "multipart/form-data; boundary=b"}
BEGUN = b"state=0&device_num=18000001&device_port=1&charge_id=123"


@pytest.fixture
def desk(embedded_desk: Desk) -> Desk:
    return embedded_desk


def part(name: str, value: str, more: str = "") -> str:
    return f'--b\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n{value}\r\n'


INCOME = {"device_num": "18000001", "coin": "100", "card": "200", "time": "1714564800"}
WHOLE = "".join(part(name, value) for name, value in INCOME.items()) + "--b--\r\n"


def call(
    platform: Platform, name: str, data: Form, headers: dict[str, str] | None = None
) -> requests.Response:
    sent = URLENCODED if headers is None else headers
    return platform.call("POST", f"cloud/{CLOUD_TOKEN}/{name}", sent, data=data)


def said(answer: requests.Response, http_status: int) -> str:
    """The message of an answer, in the shape of this system."""
    assert answer.status_code == http_status, answer.text
    content = answer.json()
    assert content.keys() == {"code", "message", "data", "timestamp"}
    assert content["code"] == (1 if http_status == 200 else http_status)
    return str(content["message"])


def test_a_form_is_taken_with_the_token_in_the_path_or_with_a_sign(
    desk: Desk, platform: Platform
) -> None:
    said(call(platform, "start_power", BEGUN), 200)
    form = {"state": "0", "device_num": "18000001", "device_port": "1", "charge_id": "124"}
    form |= {"app_id": "app-1", "timestamp": str(int(desk.now.timestamp()))}
    text = "&".join(f"{name}={form[name]}" for name in sorted(form))
    form["sign"] = hmac.new(b"k-001", text.encode(), hashlib.sha256).hexdigest()
    path = "cloud/start-power"
    said(platform.call("POST", path, URLENCODED, data=form), 200)
    said(platform.call("POST", path, URLENCODED, data=form), 409)
    said(platform.call("POST", path, URLENCODED, data=form | {"charge_id": "125"}), 401)
    said(platform.call("POST", path, URLENCODED, data=BEGUN), 401)
    said(platform.call("POST", f"cloud/{CLOUD_TOKEN}x/start-power", URLENCODED, data=BEGUN), 401)
    assert len(desk.all(told.callback_event)) == 2


def test_a_form_is_read_as_it_was_written(desk: Desk, platform: Platform) -> None:
    """Spaces, signs and Chinese stand in a form in other letters, and are signed in their own."""
    form = {
        "device_num": "设备 1&2=3",
        "device_port": "1",
        "charge_id": "a+b/100%",
        "end_time": "2024-05-01 12:00:00",
        "app_id": "app-1",
        "timestamp": str(int(desk.now.timestamp())),
    }
    text = "&".join(f"{name}={form[name]}" for name in sorted(form))
    form["sign"] = hmac.new(b"k-001", text.encode(), hashlib.sha256).hexdigest()
    said(platform.call("POST", "cloud/finish-order", URLENCODED, data=form), 200)
    record = json.loads(desk.all(told.callback_event)[0].body)
    assert (record["orderNo"], record["deviceId"]) == ("a+b/100%", "设备 1&2=3")
    assert record["endTime"] == "2024-05-01T04:00:00+00:00"


def test_a_multipart_form_is_taken(desk: Desk, platform: Platform) -> None:
    said(call(platform, "offline-income", WHOLE, MULTIPART), 200)
    assert [row.subject for row in desk.all(told.callback)] == ["18000001"]


def test_no_token_is_kept_or_logged(
    desk: Desk, platform: Platform, caplog: pytest.LogCaptureFixture
) -> None:
    said(call(platform, "start_power", BEGUN), 200)
    said(call(platform, "start_power", b"state=x"), 400)
    said(call(platform, "nothing", b""), 404)
    said(platform.call("POST", f"cloud/start-power?token={CLOUD_TOKEN}", {}, data=b""), 415)
    assert CLOUD_TOKEN not in str(desk.all(told.callback)) + caplog.text


def test_forms_that_make_no_sense_are_refused_and_seen(desk: Desk, platform: Platform) -> None:
    forms: dict[str, Form] = {
        "nothing": b"",
        "10,000 fields": "&".join(f"n{n}=1" for n in range(10_000)),
        "101 fields": "&".join(f"n{n}=1" for n in range(101)),
        "10,000 empty fields": "&" * 10_000,
        "bad UTF-8": b"state=%ff&charge_id=\xff",
        "NUL": BEGUN.replace(b"123", b"%00"),
        "half a surrogate": BEGUN.replace(b"123", b"%ed%a0%80"),
        "no form": b'{"state":0}',
        "a huge number": BEGUN.replace(b"state=0", b"state=1e999999999"),
        "a huge exponent": BEGUN.replace(b"state=0", b"state=1e" + b"9" * 40),
        "5,000 digits": BEGUN.replace(b"state=0", b"state=" + b"9" * 5000),
        "another type": BEGUN.replace(b"device_port=1", b"device_port=one"),
    }
    for what, data in forms.items():
        answer = call(platform, "start-power", data)
        assert answer.status_code == 400, what
        said(answer, 400)
    assert [trace.http_status for trace in left(desk)] == [400] * len(forms)


def test_multipart_that_makes_no_sense_is_refused_and_seen(desk: Desk, platform: Platform) -> None:
    a_file = part("coin", "100", '; filename="x.exe"')
    encoded = WHOLE.replace("\r\n\r\n", "\r\nContent-Transfer-Encoding: base64\r\n\r\n", 1)
    bodies: dict[str, Form] = {
        "nothing": b"",
        "no parts": b"junk" * 1000,
        "broken off": WHOLE[:100],
        "no end": WHOLE.replace("--b--\r\n", "") + "--b",
        "a file": a_file + WHOLE,
        "bad base64": encoded.replace("18000001", "=:=", 1),
        "101 fields": "".join(part(f"n{n}", "1") for n in range(101)) + WHOLE,
        "a part without a name": WHOLE.replace('; name="coin"', "", 1),
        "a part without headers": "--b\r\n\r\n1\r\n" + "--b--\r\n",
        "a header without an end": b"--b\r\n" + b"x" * 20_000,
        "300 headers": "--b\r\n" + "a: b\r\n" * 300 + "\r\n1\r\n--b--\r\n",
        "bad UTF-8": WHOLE.encode().replace(b"18000001", b"\xff\xfe"),
        "NUL": WHOLE.replace("18000001", "1\x00"),
    }
    for what, data in bodies.items():
        assert said(call(platform, "offline-income", data, MULTIPART), 400), what
    for kind in ("multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; ;"):
        assert said(call(platform, "offline-income", WHOLE, {"Content-Type": kind}), 400), kind
    assert {trace.http_status for trace in left(desk)} == {400}
