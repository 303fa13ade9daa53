"""The pile administrator's interface does what document 003 says, and says -1 to the rest."""

import pytest

from tests.sandbox.callers import Control, SandboxWith
from tests.sandbox.own_piles import Administrator

ACCOUNT = {"username": "admin", "password": "sandbox-password"}


@pytest.mark.parametrize("how", ["json", "data"])
def test_a_login_gives_a_token_for_a_body_of_either_kind(
    administrator: Administrator, how: str
) -> None:
    answer = administrator.ask("POST", "/a/login", **{how: ACCOUNT})
    assert (answer["code"], answer["msg"]) == (200, "登录成功")
    administrator.token = answer["token"]
    assert administrator.statuses() == {1: "off", 2: "off", 3: "off"}
    assert administrator.control.counters()["token_fetches"] == 1


@pytest.mark.parametrize(
    "body",
    [
        ACCOUNT | {"password": "other"},
        ACCOUNT | {"username": "other"},
        ACCOUNT | {"password": 5},
        {"username": "admin"},
        {},
        [],
        "text",
    ],
)
def test_a_login_that_is_not_right_is_refused(administrator: Administrator, body: object) -> None:
    answer = administrator.ask("POST", "/a/login", json=body)
    assert answer["code"] == -1
    assert answer["msg"]
    assert answer.keys() == {"code", "msg"}
    assert administrator.control.counters()["token_fetches"] == 0


@pytest.mark.parametrize("status", ["on", "off", "repair", "offline"])
def test_a_status_is_set_and_shown(administrator: Administrator, status: str) -> None:
    assert administrator.set_status(2, status) == {"code": 200, "msg": "设置成功"}
    assert administrator.statuses()[2] == status
    [item] = administrator.control.call("GET", "received").json()["items"]
    assert (item["kind"], item["key"]) == ("pile-status", "2")
    assert item["body"] == {"id": 2, "status": status}


def test_the_status_list_has_the_documents_fields(administrator: Administrator) -> None:
    answer = administrator.call("GET", "/admin/charge/status/get")
    assert (answer["code"], answer["msg"]) == (200, "获取成功")
    assert answer["data"][0].keys() == {
        "charging_station_id",
        "status",
        "total_charging_times",
        "total_charging_power",
        "total_charging_duration",
    }


def test_a_pile_that_is_on_has_a_queue_with_the_documents_fields(
    administrator: Administrator,
) -> None:
    assert administrator.call("GET", "/admin/charge/queue", id=1)["data"] == []
    administrator.set_status(1, "on")
    [row] = administrator.call("GET", "/admin/charge/queue", id=1)["data"]
    assert row.keys() == {"user_id", "battery_capacity", "request_quantity", "waiting_time"}
    assert isinstance(row["waiting_time"], int)


def test_a_pile_that_is_offline_cannot_be_set_until_it_logs_in(
    administrator: Administrator,
) -> None:
    administrator.set_status(1, "offline")
    for status in ("on", "off", "repair", "offline"):
        answer = administrator.set_status(1, status)
        assert answer == {"code": -1, "msg": "充电桩已离线，管理员无法控制"}
    assert administrator.set_status(2, "on")["code"] == 200
    shown = administrator.control.call("POST", "pile_login", json={"id": 1}).json()
    assert (shown["charging_station_id"], shown["status"]) == (1, "off")
    assert administrator.set_status(1, "repair")["code"] == 200


def test_the_same_status_again_is_counted_as_repeated_and_a_change_is_not(
    administrator: Administrator,
) -> None:
    for status in ("on", "on", "repair", "on"):
        administrator.set_status(1, status)
    counters = administrator.control.counters()
    assert (counters["accepted_items"], counters["repeated_items"]) == (4, 1)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"token": None}, "token不能为空"),
        ({"token": "never-issued"}, "token无效或已过期"),
        ({"id": None}, "id应为整数"),
        ({"id": "x"}, "id应为整数"),
        ({"id": 9}, "充电桩不存在"),
        ({"status": None}, "status应为on/off/repair/offline"),
        ({"status": "broken"}, "status应为on/off/repair/offline"),
    ],
)
def test_a_wrong_call_is_minus_one_with_a_sentence(
    administrator: Administrator, query: dict[str, object], message: str
) -> None:
    asked = {"id": 1, "status": "on"} | query
    answer = administrator.call("POST", "/admin/charge/status/set", **asked)
    assert answer == {"code": -1, "msg": message}
    assert administrator.control.counters()["refused"] == 1
    assert administrator.statuses()[1] == "off"


@pytest.mark.parametrize("path", ["/admin/charge/queue", "/admin/charge/status/get"])
def test_reading_needs_a_token_too(administrator: Administrator, path: str) -> None:
    assert administrator.ask("GET", path, params={"id": 1})["code"] == -1


def test_an_expired_token_fault_waits_for_a_call_with_a_token(
    administrator: Administrator,
) -> None:
    administrator.control.fault("expired_token", times=1)
    administrator.log_in()
    assert administrator.set_status(1, "on")["msg"] == "token无效或已过期"
    administrator.log_in()
    assert administrator.set_status(1, "on")["code"] == 200


def test_a_rejected_pile_is_refused(administrator: Administrator) -> None:
    administrator.control.fault("reject_item", key="1", message="websocket写入失败")
    assert administrator.set_status(1, "on") == {"code": -1, "msg": "websocket写入失败"}
    assert administrator.set_status(2, "on")["code"] == 200


def test_a_reset_lets_the_piles_be_as_at_the_start(administrator: Administrator) -> None:
    administrator.set_status(1, "offline")
    administrator.control.call("POST", "reset")
    assert administrator.statuses()[1] == "off"


@pytest.mark.parametrize("content", [{}, {"id": 9}, {"id": "1"}])
def test_a_wrong_pile_login_is_explained(
    administrator: Administrator, content: dict[str, object]
) -> None:
    answer = administrator.control.call("POST", "pile_login", json=content)
    assert answer.status_code == 400
    assert answer.json()["message"] == "id must be one of 1, 2, 3"


def test_other_piles_can_be_played(sandbox_with: SandboxWith) -> None:
    url = sandbox_with({"piles": {"system": "pile_admin", "piles": [7]}})
    administrator = Administrator(f"{url}/piles", Control(url, "piles"))
    assert administrator.statuses() == {7: "off"}
    administrator.session.close()
