"""The pile cloud tells modes and states, and starts and stops charges, as document 001 says."""

import pytest

from tests.sandbox.pile_cloud import Application, now_s

CHARGE_ID = 1751254762038


def test_an_answer_has_code_message_data_and_a_timestamp_in_seconds(
    application: Application,
) -> None:
    answer = application.get("/open/device/getMode", device_num="18000001")
    assert (answer["code"], answer["message"]) == (1, "success")
    assert abs(answer["timestamp"] - now_s()) < 60
    assert answer["data"].keys() == {
        *("mode", "notDisturb", "userSetting", "chargeMode", "deviceType")
    }


def test_time_mode_2_has_the_shape_that_the_document_prints(application: Application) -> None:
    told = application.get("/open/device/getMode", device_num="18000001")["data"]
    assert told["mode"] == {
        "chargeType": "custom",
        "paymentValue": ["100", "100", "100"],
        "timeValue": ["14400", "14400", "14400"],
        "maxPower": 600,
        "startFee": 100,
        "whetherRefund": 0,
        "payAndTime": [{"paymentValue": "100", "timeValue": "14400"}] * 3,
    }
    assert (told["userSetting"]["chargeMode"], told["userSetting"]["deviceType"]) == (7, 5)


@pytest.mark.parametrize("charge_mode", [0, 1, 2, 7, 8, 9])
def test_every_charge_mode_of_the_document_can_be_told(
    application: Application, charge_mode: int
) -> None:
    asked = {"device_num": "18000008", "charge_mode": charge_mode}
    assert application.control.call("POST", "modes", json=asked).status_code == 200
    told = application.get("/open/device/getMode", device_num="18000008")["data"]
    assert told["chargeMode"] == charge_mode
    assert told["mode"]["startFee"] == 100


def test_two_slashes_at_the_beginning_of_a_path_are_one(application: Application) -> None:
    assert application.get("//open/device/getMode", device_num="18000001")["code"] == 1


def test_a_state_that_was_set_is_told(application: Application) -> None:
    asked = {"device_num": "18000008", "port": 2, "state": 14}
    shown = application.control.call("POST", "ports", json=asked).json()
    assert (shown["port"], shown["state"]) == (2, 14)
    told = application.get("/open/device/state", device_num="18000008")["data"]
    assert told["device_num"] == "18000008"
    assert [port["state"] for port in told["ports"]] == [0, 14, *[0] * 8]


def test_states_are_told_for_several_devices_with_the_fields_asked_for(
    application: Application,
) -> None:
    numbers = [("device_nums[]", "18000008"), ("device_nums[]", "18000001")]
    fields = [("port_fields[]", "state"), ("port_fields[]", "charge_id")]
    told = application.get("/open/device/state/list", *numbers, *fields)["data"]
    assert [device["device_num"] for device in told] == ["18000008", "18000001"]
    assert told[1]["ports"][0] == {"port": 1, "state": 0, "charge_id": ""}


@pytest.mark.parametrize("path", ["/open/device/getMode", "/open/device/state"])
def test_a_device_that_is_not_known_is_refused(application: Application, path: str) -> None:
    for device_num in ("19999999", None):
        answer = application.get(path, device_num=device_num)
        assert (answer["code"], answer["message"]) == (0, "设备不存在")


def test_a_charge_is_started_and_stopped_and_its_callbacks_are_logged(
    application: Application,
) -> None:
    assert application.start()["code"] == 1
    assert application.port_state() == 2
    assert application.stop()["code"] == 1
    assert application.port_state() == 5
    rows = application.get("/open/callback/log", charge_id=CHARGE_ID)["data"]
    assert [row["type"] for row in rows] == ["start_power", "finish_order"]
    asked = {"device_num": "18000001", "device_port": 1, "charge_id": CHARGE_ID}
    assert rows[0]["req"] == {"state": 0, **asked}
    assert asked.items() <= rows[1]["req"].items()
    kinds = application.control.counters()["accepted_by_kind"]
    assert kinds == {"charge-start": 1, "charge-stop": 1}


def test_a_running_charge_goes_on_only_with_its_own_id(application: Application) -> None:
    application.start()
    assert application.start()["code"] == 1
    assert application.start(charge_id=2)["message"] == "端口当前状态不能充电"
    assert application.stop(charge_id=2)["message"] == "端口没有此充电订单"
    assert application.control.counters()["repeated_items"] == 1


@pytest.mark.parametrize(("state", "code"), [(0, 1), (1, 1), (5, 1), (2, 0), (6, 0), (17, 0)])
def test_a_charge_starts_only_where_the_ports_state_allows_it(
    application: Application, state: int, code: int
) -> None:
    asked = {"device_num": "18000001", "port": 1, "state": state}
    application.control.call("POST", "ports", json=asked)
    assert application.start()["code"] == code


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        *[(name, None) for name in ("device_num", "device_port", "charge_id", "charge_mode")],
        ("total_fee", None),
        ("device_num", 18000001),
        ("device_port", "1"),
        ("device_port", 0),
        ("charge_id", "one"),
        ("charge_mode", 3),
        ("charge_mode", "7"),
        ("total_fee", "100"),
    ],
)
def test_a_wrong_start_is_refused_with_its_field(
    application: Application, field: str, wrong: object
) -> None:
    answer = application.start(**{field: wrong})
    assert answer["code"] == 0
    assert answer["message"].startswith(field)
    assert application.control.keys() == []


def test_a_charge_id_may_be_text(application: Application) -> None:
    assert application.start(charge_id=str(CHARGE_ID))["code"] == 1
    assert application.stop()["code"] == 1


def test_a_port_error_is_set_and_cleared(application: Application) -> None:
    path, port = "/open/device/state/port/error", {"device_num": "18000001", "device_port": "1"}
    assert application.post(path, **port, is_error="1")["code"] == 1
    assert application.port_state() == 6
    assert application.post(path, **port, is_error="0")["code"] == 1
    assert application.port_state() == 0
    assert application.post(path, **port, is_error=1)["message"].startswith("is_error")
    unknown = application.post(path, **(port | {"device_port": "9"}), is_error="1")
    assert unknown["message"] == "端口不存在"


def test_the_finish_callback_is_asked_for_again_once_there_was_one(
    application: Application,
) -> None:
    path = "/open/callback/retry/finish_order"
    application.start()
    assert application.post(path, charge_id=CHARGE_ID)["message"] == "没有结束订单记录"
    application.stop()
    assert application.post(path, charge_id=str(CHARGE_ID))["code"] == 1
    assert application.control.counters()["accepted_by_kind"]["finish-order-retry"] == 1


def test_a_charge_without_callbacks_has_an_empty_log(application: Application) -> None:
    assert application.get("/open/callback/log", charge_id="77")["data"] == []
    assert application.get("/open/callback/log")["message"] == "charge_id不能为空"


def test_a_rejected_charge_is_refused(application: Application) -> None:
    application.control.fault("reject_item", key=str(CHARGE_ID), message="设备离线")
    assert application.start()["message"] == "设备离线"
    assert application.start(charge_id=2)["code"] == 1


def test_a_reset_lets_the_devices_be_as_at_the_start(application: Application) -> None:
    application.start()
    application.control.call("POST", "reset")
    assert application.port_state() == 0
    assert application.get("/open/callback/log", charge_id=CHARGE_ID)["data"] == []


@pytest.mark.parametrize(
    ("what", "content", "message"),
    [
        ("ports", {}, "device_num and port must name a port"),
        ("ports", {"device_num": "18000001", "port": 3, "state": 1}, "must name a port"),
        ("ports", {"device_num": "18000001", "port": 1, "state": 26}, "from 0 to 25"),
        ("modes", {"device_num": "18000001", "charge_mode": 3}, "one of 0, 1, 2, 7, 8, 9"),
    ],
)
def test_a_wrong_control_call_is_explained(
    application: Application, what: str, content: object, message: str
) -> None:
    answer = application.control.call("POST", what, json=content)
    assert answer.status_code == 400
    assert message in answer.json()["message"]
