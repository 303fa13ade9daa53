"""The pile cloud lets in one application, whose calls are signed by the scheme that was set."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox import wanzhuang_sign
from tests.sandbox import pile_cloud
from tests.sandbox.callers import Control, SandboxWith, StartSandbox
from tests.sandbox.pile_cloud import APP_SECRET, Application, now_s

MODE_PATH = "/open/device/getMode"
MODE_CALL = [("device_num", "18000001"), ("timestamp", "1744285110"), ("app_id", "app-1")]
ERROR_CALL = {
    "device_num": "18000001",
    "device_port": 2,
    "is_error": True,
    "app_id": "app-1",
    "timestamp": 1744285110,
}
LIST_CALL = [
    *(("device_nums[]", "18000008"), ("timestamp", "1744285110"), ("app_id", "app-1")),
    *(("device_nums[]", "18000001"), ("empty", "")),
]


def test_md5_signs_the_sorted_parameters_and_the_key() -> None:
    # printf 'app_id=app-1&device_num=18000001&timestamp=1744285110&key=sandbox-secret' |
    #   openssl md5 | tr a-z A-Z
    golden = "C813D77E9BACF6B82D4964822377C307"
    assert wanzhuang_sign.signature("md5_sorted_key", MODE_CALL, APP_SECRET) == golden
    assert pile_cloud.sign("md5_sorted_key", MODE_CALL) == golden


def test_hmac_signs_the_sorted_parameters_with_the_key() -> None:
    # printf 'app_id=app-1&device_num=18000001&timestamp=1744285110' |
    #   openssl dgst -sha256 -hmac sandbox-secret
    golden = "e2471690766ecdb1dcabc4155ce5308a7f473b7ad454d97f124258f557449d38"
    assert wanzhuang_sign.signature("hmac_sha256_sorted", MODE_CALL, APP_SECRET) == golden
    assert pile_cloud.sign("hmac_sha256_sorted", MODE_CALL) == golden


def test_a_json_body_is_signed_as_text() -> None:
    # printf 'app_id=app-1&device_num=18000001&device_port=2&is_error=true&timestamp=1744285110' |
    #   openssl dgst -sha256 -hmac sandbox-secret
    golden = "55cacf7e6fa2b5d89fcb57a37d3a5bf3eb5d4ee0df247c5a51d8521e48dab07e"
    pairs = wanzhuang_sign.pairs_of(ERROR_CALL)
    assert wanzhuang_sign.signature("hmac_sha256_sorted", pairs, APP_SECRET) == golden


def test_a_repeated_parameter_counts_each_time_and_an_empty_one_not_at_all() -> None:
    # printf 'app_id=app-1&device_nums[]=18000008&device_nums[]=18000001&timestamp=1744285110' |
    #   openssl dgst -sha256 -hmac sandbox-secret
    golden = "d28ee46475837b7772c6550e2f84efd6f1d87a74a157258ccf06b428bd4e3e1b"
    assert wanzhuang_sign.signature("hmac_sha256_sorted", LIST_CALL, APP_SECRET) == golden


@pytest.mark.parametrize("missing", ["app_id", "timestamp", "sign"])
def test_a_signed_call_needs_all_three(application: Application, missing: str) -> None:
    query = {"app_id": "app-1", "timestamp": now_s(), "sign": "x", "device_num": "18000001"}
    del query[missing]
    for how in ({"method": "GET", "params": query}, {"method": "POST", "json": query}):
        path = MODE_PATH if how["method"] == "GET" else "/open/charge/stop"
        answer = application.ask(path=path, **how)
        assert (answer["code"], answer["message"]) == (0, f"{missing}不能为空")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"app_id": "app-2"}, "应用不存在"),
        ({"timestamp": "1744285110000"}, "timestamp应为10位时间戳"),
        ({"timestamp": "now"}, "timestamp应为10位时间戳"),
    ],
)
def test_another_application_or_clock_is_refused(
    application: Application, changes: dict[str, str], message: str
) -> None:
    answer = application.get(MODE_PATH, device_num="18000001", **changes)
    assert (answer["code"], answer["message"]) == (0, message)
    assert application.control.counters()["refused"] == 1


def test_the_timestamp_of_a_body_is_a_number(application: Application) -> None:
    assert application.start(timestamp=str(now_s()))["message"] == "timestamp应为整数"


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(str.lower, id="small letters"),
        pytest.param(lambda sign: "0" * 32, id="another"),
        pytest.param(lambda sign: "签", id="not ascii"),
    ],
)
def test_a_wrong_sign_is_refused(application: Application, spoil: Callable[[str], str]) -> None:
    pairs = [("app_id", "app-1"), ("timestamp", str(now_s())), ("device_num", "18000001")]
    sign = spoil(pile_cloud.sign("md5_sorted_key", pairs))
    answer = application.ask("GET", MODE_PATH, params=[*pairs, ("sign", sign)])
    assert (answer["code"], answer["message"]) == (0, "签名错误")


def test_a_body_that_was_changed_after_signing_is_refused(application: Application) -> None:
    body: dict[str, Any] = {"app_id": "app-1", "timestamp": now_s(), "charge_id": 1}
    pairs = [(name, str(value)) for name, value in body.items()]
    signed = body | {"sign": pile_cloud.sign("md5_sorted_key", pairs), "charge_id": 2}
    assert application.ask("POST", "/open/charge/stop", json=signed)["message"] == "签名错误"


@pytest.mark.parametrize("body", [[], "text", None])
def test_a_body_that_is_no_object_is_refused(application: Application, body: object) -> None:
    assert application.ask("POST", "/open/charge/start", json=body)["code"] == 0


def test_the_other_schemes_can_be_played(sandbox_with: SandboxWith) -> None:
    schemes = ("none", "hmac_sha256_sorted")
    url = sandbox_with(
        {name: {"system": "wanzhuang", "sign_scheme": name} for name in schemes}
        | {"small": {"system": "wanzhuang", "devices": {"7": 1}}}
    )
    free = Application(f"{url}/none", Control(url, "none"))
    assert free.ask("GET", MODE_PATH, params={"device_num": "18000001"})["code"] == 1
    assert free.get(MODE_PATH, device_num="18000001", app_id="app-2")["message"] == "应用不存在"
    hmac = Application(f"{url}/hmac_sha256_sorted", Control(url, ""), "hmac_sha256_sorted")
    assert hmac.start()["code"] == 1
    hmac.scheme = "md5_sorted_key"
    assert hmac.start()["message"] == "签名错误"
    small = Application(f"{url}/small", Control(url, "small"))
    assert small.get(MODE_PATH, device_num="7")["code"] == 1
    for caller in (free, hmac, small):
        caller.session.close()


@pytest.mark.parametrize(
    ("setting", "complaint"),
    [
        ('"sign_scheme": "sha1"', "sign_scheme must be one of none, md5_sorted_key"),
        ('"devices": []', "devices must be an object"),
        ('"devices": {"7": 0}', "7 needs a whole number of ports"),
    ],
)
def test_a_wrong_setting_is_explained(
    start_sandbox: StartSandbox, tmp_path: Path, setting: str, complaint: str
) -> None:
    file = tmp_path / "vendors.json"
    file.write_text(f'{{"vendors": {{"a": {{"system": "wanzhuang", {setting}}}}}}}')
    _, told = start_sandbox("--port", "0", "--config", str(file)).communicate(timeout=10)
    assert complaint in told
