import pytest
from pydantic import ValidationError

from tests.worker.vendors.cloud import BASE, answer, asked, body, cloud, query, replied, success
from worker.outcomes import Accepted, TryLater
from worker.vendors.wanzhuang.ports import Port

CHARGE = {"device_num": "18000001", "device_port": 1, "charge_id": 1751254762038}


@pytest.mark.parametrize(
    ("name", "given", "path", "told"),
    [
        ("get-mode", {"device_num": "1"}, "/open/device/getMode", [("device_num", "1")]),
        ("device-state", {"device_num": "1"}, "/open/device/state", [("device_num", "1")]),
        (
            "device-state",
            {"device_num": "1", "port_fields": ["state", "charge_id"]},
            "/open/device/state",
            [("device_num", "1"), ("port_fields", "state,charge_id")],
        ),
        (
            "device-state-list",
            {"device_nums": ["18000008"]},
            "/open/device/state/list",
            [("device_nums[]", "18000008")],
        ),
        (
            "device-state-list",
            {"device_nums": ["1", "2"], "port_fields": ["state", "charge_id"]},
            "/open/device/state/list",
            [
                ("device_nums[]", "1"),
                ("device_nums[]", "2"),
                ("port_fields[]", "state"),
                ("port_fields[]", "charge_id"),
            ],
        ),
        (
            "callback-log",
            {"charge_id": "1751254800293"},
            "/open/callback/log",
            [("charge_id", "1751254800293")],
        ),
    ],
)
def test_what_is_asked_stands_in_the_query(
    name: str, given: dict[str, object], path: str, told: list[tuple[str, str]]
) -> None:
    request = asked(name, given)
    assert request.method == "GET"
    assert str(request.url).split("?")[0] == BASE + path
    assert query(request) == told
    assert request.body is None


@pytest.mark.parametrize(
    ("name", "given", "path", "told"),
    [
        (
            "set-port-error",
            {"device_num": "1", "device_port": 2, "is_error": True},
            "/open/device/state/port/error",
            {"device_num": "1", "device_port": "2", "is_error": "1"},
        ),
        (
            "set-port-error",
            {"device_num": "1", "device_port": "2", "is_error": False},
            "/open/device/state/port/error",
            {"device_num": "1", "device_port": "2", "is_error": "0"},
        ),
        (
            "start-charge",
            CHARGE | {"charge_mode": 7, "total_fee": 100},
            "/open/charge/start",
            CHARGE | {"charge_mode": 7, "total_fee": 100},
        ),
        ("stop-charge", CHARGE, "/open/charge/stop", CHARGE),
        (
            "retry-finish-callback",
            {"charge_id": 1751254762038},
            "/open/callback/retry/finish_order",
            {"charge_id": "1751254762038"},
        ),
    ],
)
def test_what_is_commanded_stands_in_the_body(
    name: str, given: dict[str, object], path: str, told: dict[str, object]
) -> None:
    request = asked(name, given)
    assert (request.method, request.url) == ("POST", BASE + path)
    assert body(request) == told


def test_every_operation_is_one_of_the_above() -> None:
    assert set(cloud().operations) == {
        "get-mode",
        "device-state",
        "device-state-list",
        "set-port-error",
        "start-charge",
        "stop-charge",
        "callback-log",
        "retry-finish-callback",
    }


def test_only_the_start_of_a_charge_is_not_repeated_by_itself() -> None:
    once = [name for name, o in cloud().operations.items() if not o.repeatable]
    assert once == ["start-charge"]


@pytest.mark.parametrize("spelling", ["device_num", "deviceNum"])
def test_names_may_be_the_documents_or_ours(spelling: str) -> None:
    assert query(asked("get-mode", {spelling: "1"})) == [("device_num", "1")]


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("get-mode", {}),
        ("get-mode", {"device_num": ""}),
        ("device-state-list", {"device_nums": []}),
        ("start-charge", CHARGE),
        ("start-charge", CHARGE | {"charge_mode": 3, "total_fee": 1}),
        ("start-charge", CHARGE | {"charge_mode": 0, "total_fee": -1}),
        ("start-charge", CHARGE | {"charge_mode": 0, "total_fee": 1.5}),
        ("stop-charge", CHARGE | {"surprise": 1}),
    ],
)
def test_what_the_document_does_not_take_cannot_be_asked(
    name: str, given: dict[str, object]
) -> None:
    with pytest.raises(ValidationError):
        asked(name, given)


def test_states_are_read_with_their_units() -> None:
    shown = {
        "port": 1,
        "state": "2",
        "charge_id": 1751254762038,
        "pay_amount": "150",
        "pay_used": 50,
        "time_total": "14400",
        "time_used": 60,
        "current_power": 220.5,
    }
    reply = replied("device-state", success({"device_num": "1", "online": 1, "ports": [shown]}))
    assert isinstance(reply.outcome, Accepted)
    assert isinstance(reply.data, list)
    (port,) = reply.data
    assert isinstance(port, Port)
    assert (port.device_num, port.port, port.state, port.charge_id) == (
        "1",
        "1",
        2,
        "1751254762038",
    )
    assert (str(port.pay_amount_yuan), str(port.pay_used_yuan)) == ("1.50", "0.50")
    assert (port.time_total_s, port.time_used_s) == (14400, 60)
    assert str((port.model_extra or {})["current_power"]) == "220.5"
    assert port.model_dump()["meaning"] == "充电中"


@pytest.mark.parametrize("name", ["device-state", "device-state-list"])
def test_states_of_another_shape_are_shown_as_they_came(name: str) -> None:
    assert replied(name, success({"state": 0})).data == {"state": 0}


def test_a_callback_log_is_shown_as_it_came() -> None:
    rows = [{"charge_id": "1", "req": {"device_num": "1"}}]
    assert replied("callback-log", success(rows)).data == rows


def test_a_command_that_was_taken_brings_nothing() -> None:
    reply = replied("start-charge", success({}))
    assert (reply.outcome, reply.data) == (Accepted("success", "1"), None)


def test_a_failure_brings_its_reason() -> None:
    reply = replied("stop-charge", answer({"code": 0, "message": "设备离线"}))
    assert isinstance(reply.outcome, TryLater)
    assert reply.outcome.reason == "设备离线"
