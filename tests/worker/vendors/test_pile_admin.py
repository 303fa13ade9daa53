from urllib.parse import parse_qs, urlsplit

import fakeredis
import pytest
from pydantic import ValidationError

from config.logs import mask
from tests.worker.vendors.scripted import Clock, Script, answer, make
from worker.events import ConnectorState, Event, Kind, parse
from worker.exchange import Answer, NoAnswer
from worker.outcomes import Accepted, OnUnclear, Refused, TryLater, Unclear
from worker.pace import Pace
from worker.sender import RENEWED, Sender
from worker.vendor import CannotSign, System
from worker.vendors.pile_admin import STATUSES, PileAdminSettings
from worker.vendors.pile_admin.operations import Pile, SetStatus, Waiting

SETTINGS = {
    "base_url": "http://test-cn.your-api-server.com/",
    "username": "wyc2002",
    "password": "s3cret-word",
    "piles": {"C-1": 7, "C-2": 8},
}
STATUS = {
    "operatorId": "o",
    "connectorId": "C-1",
    "status": 255,
    "updateTime": "2024-05-01 09:00:00",
}
WARNING = {
    "warningId": "W-1",
    "riskLevel": "high",
    "occurredAt": "2024-05-01 09:00:00",
    "connectorId": "C-1",
}
WELL = answer({"code": 200, "msg": "设置成功"})
STALE = answer({"code": -1, "msg": "token无效或已过期"})


def piles(
    broker: fakeredis.FakeServer | None = None, **settings: object
) -> System[PileAdminSettings]:
    return make("pile_admin", SETTINGS | settings, Clock(), broker)


def status(**changes: object) -> Event:
    return parse(Kind.CONNECTOR_STATUS, STATUS | changes)


def warning(**changes: object) -> Event:
    return parse(Kind.SAFETY_WARNING, WARNING | changes)


def logged_in(token: str) -> Answer:
    return answer({"code": 200, "msg": "登录成功", "token": token})


def query(system: System[PileAdminSettings], event: Event) -> dict[str, list[str]]:
    return parse_qs(urlsplit(str(system.request([event]).prepare().url)).query)


def sender(system: System[PileAdminSettings], script: Script) -> Sender:
    pace = Pace(None, clock=lambda: 0.0, sleep=lambda _: None)
    return Sender(system, script, pace, clock=Clock(), keep_bytes=4096)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (0, "offline"),
        (1, "on"),
        (2, "on"),
        (3, "on"),
        (4, "on"),
        (5, "on"),
        (255, "repair"),
    ],
)
def test_a_status_sets_its_pile(state: int, told: str) -> None:
    system = piles(allow_offline=True)
    assert system.wants(status(status=state))
    assert query(system, status(status=state)) == {"id": ["7"], "status": [told]}


def test_every_status_is_mapped() -> None:
    assert set(STATUSES) == set(ConnectorState)


def test_offline_is_not_told_unless_the_settings_allow_it() -> None:
    assert not piles().wants(status(status=0))
    assert piles(allow_offline=True).wants(status(status=0))


def test_a_high_risk_sets_the_pile_to_repair() -> None:
    assert piles().wants(warning())
    assert query(piles(), warning(connectorId="C-2")) == {"id": ["8"], "status": ["repair"]}


@pytest.mark.parametrize(
    "change",
    [{"riskLevel": "medium"}, {"riskLevel": "low"}, {"cleared": True}, {"connectorId": None}],
)
def test_another_warning_is_not_wanted(change: dict[str, object]) -> None:
    assert not piles().wants(warning(**change))


def test_a_connector_without_a_pile_is_not_wanted() -> None:
    assert not piles().wants(status(connectorId="C-9"))
    assert not piles().wants(warning(connectorId="C-9"))


def test_the_call_is_the_documents() -> None:
    request = piles().request([status()])
    assert request.method == "POST"
    assert str(request.url) == "http://test-cn.your-api-server.com/admin/charge/status/set"
    assert request.prepare().body is None


def test_a_pile_under_two_connectors_is_refused_at_the_start() -> None:
    with pytest.raises(ValidationError, match="piles: 7 under two connectors"):
        piles(piles={"C-1": 7, "C-2": 7, "C-3": 8})


def test_what_is_unclear_is_sent_again() -> None:
    assert {piles().unclear_rule(kind) for kind in piles().takes} == {OnUnclear.RESEND}


@pytest.mark.parametrize(
    ("encoding", "content_type", "body"),
    [
        ("form", "application/x-www-form-urlencoded", "username=wyc2002&password=s3cret-word"),
        ("json", "application/json", '{"username": "wyc2002", "password": "s3cret-word"}'),
    ],
)
def test_the_login_gives_a_token_that_the_query_carries(
    encoding: str, content_type: str, body: str
) -> None:
    script = Script([logged_in("t/1&x=2 ü".replace(" ", "")), WELL])
    system = piles(login_encoding=encoding)
    script.send(system.request([status()]), system.auth(script))  # type: ignore[arg-type]
    login, call = script.sent
    assert (login.method, login.url) == ("POST", "http://test-cn.your-api-server.com/a/login")
    assert login.headers["Content-Type"] == content_type
    assert (login.body.decode() if isinstance(login.body, bytes) else login.body) == body
    assert parse_qs(urlsplit(str(call.url)).query) == {
        "id": ["7"],
        "status": ["repair"],
        "token": ["t/1&x=2ü"],
    }


def test_two_workers_share_one_login() -> None:
    broker, script = fakeredis.FakeServer(), Script([logged_in("t-1")])
    for system in (piles(broker), piles(broker)):
        auth = system.auth(script)  # type: ignore[arg-type]
        assert getattr(auth, "token", None) == "t-1"
    assert len(script.sent) == 1


def test_a_refused_token_is_renewed_once_and_the_call_sent_again() -> None:
    script = Script([logged_in("t-1"), STALE, logged_in("t-2"), WELL])
    outcome, attempts = sender(piles(), script).tell(Kind.CONNECTOR_STATUS, [status()], (1,))
    assert isinstance(outcome, Accepted)
    assert [a.outcome for a in attempts] == [RENEWED, outcome]
    tokens = [parse_qs(urlsplit(str(r.url)).query).get("token") for r in script.sent]
    assert tokens == [None, ["t-1"], None, ["t-2"]]


def test_a_second_refusal_holds_the_lane() -> None:
    script = Script([logged_in("t-1"), STALE, logged_in("t-2"), STALE])
    outcome, _ = sender(piles(), script).tell(Kind.CONNECTOR_STATUS, [status()], (1,))
    assert isinstance(outcome, TryLater)
    assert outcome.whole_lane
    assert script.answers == []


@pytest.mark.parametrize(
    "login",
    [
        answer({"code": -1, "msg": "用户名或密码错误"}),
        answer({"code": -1, "msg": "用户不存在"}),
        answer({"code": 200, "msg": "登录成功"}),
        answer({"code": 200, "token": ""}),
        answer({"code": 200, "token": "a\nb"}),
        answer({"code": 0, "token": "t-1"}),
        answer(b"<html>"),
        answer(b"", 500),
    ],
)
def test_a_login_without_a_token_holds_the_lane(login: Answer) -> None:
    with pytest.raises(CannotSign) as raised:
        piles().auth(Script([login]))  # type: ignore[arg-type]
    assert isinstance(raised.value.outcome, TryLater)
    assert raised.value.outcome.whole_lane


def test_why_there_is_no_token_is_said() -> None:
    for login, why in (
        (answer({"code": 200, "msg": "登录成功"}), "no token: no usable token in the answer"),
        (
            answer({"code": -1, "msg": "密码错误"}),
            "no token: check username and password: 密码错误",
        ),
    ):
        with pytest.raises(CannotSign, match=why):
            piles().auth(Script([login]))  # type: ignore[arg-type]


def test_a_login_without_an_answer_is_tried_later() -> None:
    script = Script([NoAnswer("no answer within the time limit", sent=True)])
    outcome, attempts = sender(piles(), script).tell(Kind.CONNECTOR_STATUS, [status()], (1,))
    assert isinstance(outcome, TryLater)
    assert attempts == []


def test_no_secret_is_kept_of_an_attempt() -> None:
    script = Script([logged_in("hush-1"), STALE, logged_in("hush-2"), WELL])
    _, attempts = sender(piles(), script).tell(Kind.CONNECTOR_STATUS, [status()], (1,))
    assert "hush" not in repr(attempts)
    assert "s3cret-word" not in repr(attempts)
    for sent in script.sent:
        assert "hush" not in mask(str(sent.url))
    assert "token=***" in mask(str(script.sent[-1].url))


def test_the_operations_are_the_documents() -> None:
    calls = {name: (o.method, o.path, o.signed) for name, o in piles().operations.items()}
    assert calls == {
        "login": ("POST", "/a/login", False),
        "queue": ("GET", "/admin/charge/queue", True),
        "status-get": ("GET", "/admin/charge/status/get", True),
        "status-set": ("POST", "/admin/charge/status/set", True),
    }


@pytest.mark.parametrize(
    ("name", "given", "url"),
    [
        ("login", {}, "/a/login"),
        ("queue", {"id": 3}, "/admin/charge/queue?id=3"),
        ("status-get", {}, "/admin/charge/status/get"),
        ("status-set", {"id": 3, "status": "off"}, "/admin/charge/status/set?id=3&status=off"),
    ],
)
def test_an_operation_asks_as_the_document_says(
    name: str, given: dict[str, object], url: str
) -> None:
    operation = piles().operations[name]
    request = operation.request(piles(), operation.arguments.model_validate(given))
    assert request.method == operation.method
    assert request.prepare().url == "http://test-cn.your-api-server.com" + url


def test_a_status_that_the_document_does_not_have_cannot_be_asked_for() -> None:
    with pytest.raises(ValidationError):
        SetStatus.model_validate({"id": 3, "status": "idle"})


def test_the_login_does_not_show_its_token() -> None:
    login = piles().operations["login"]
    reply = login.read(piles(), logged_in("hush-token"))
    assert isinstance(reply.outcome, Accepted)
    assert "hush" not in repr(reply)
    assert isinstance(login.read(piles(), answer({"code": 200})).outcome, Unclear)


def test_lists_are_read_without_floats() -> None:
    waiting = b"""{"code": 200, "data": [{"user_id": "u", "battery_capacity": 60.1,
        "request_quantity": 22, "waiting_time": 600}]}"""
    (car,) = piles().operations["queue"].read(piles(), answer(waiting)).data
    assert isinstance(car, Waiting)
    assert (str(car.battery_capacity), str(car.request_quantity)) == ("60.1", "22")
    shown = b"""{"code": 200, "data": [{"charging_station_id": 1, "status": "on",
        "total_charging_times": 2, "total_charging_power": 0.1, "total_charging_duration": 1.5}]}"""
    (pile,) = piles().operations["status-get"].read(piles(), answer(shown)).data
    assert isinstance(pile, Pile)
    assert (pile.charging_station_id, str(pile.total_charging_power)) == (1, "0.1")


def test_a_list_of_another_shape_is_shown_as_it_came() -> None:
    reply = piles().operations["queue"].read(piles(), answer({"code": 200, "data": [{"id": 1}]}))
    assert reply.data == [{"id": 1}]
    refused = piles().operations["queue"].read(piles(), answer({"code": -1, "msg": "充电桩不存在"}))
    assert refused.data is None
    assert isinstance(refused.outcome, Refused)
