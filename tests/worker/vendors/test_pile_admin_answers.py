import pytest

from tests.worker.vendors.scripted import Script, answer, make
from worker.events import Kind
from worker.exchange import Answer
from worker.outcomes import Accepted, Outcome, Refused, TryLater, Unclear
from worker.vendor import System
from worker.vendors.pile_admin.settings import PileAdminSettings

SETTINGS = {
    "base_url": "http://test-cn.your-api-server.com/",
    "username": "wyc2002",
    "password": "s3cret-word",
    "piles": {"C-1": 7},
}


def piles() -> System[PileAdminSettings]:
    return make("pile_admin", SETTINGS)


def logged_in(token: str) -> Answer:
    return answer({"code": 200, "msg": "登录成功", "token": token})


def minus(msg: str) -> Outcome:
    return piles().read(answer({"code": -1, "msg": msg}), Kind.CONNECTOR_STATUS)


@pytest.mark.parametrize(
    "msg",
    [
        "充电桩已离线，管理员无法控制",
        "选择offline之后，管理员将无法再次进行控制",
        "该充电桩不在线",
        "充电桩未登录",
        "需要充电桩端主动登录",
        "pile is offline",
        "cannot be controlled after offline",
    ],
)
def test_a_pile_that_only_itself_can_bring_back_is_refused(msg: str) -> None:
    outcome = minus(msg)
    assert isinstance(outcome, Refused)
    assert msg in outcome.reason
    assert not piles().renew(
        answer({"code": -1, "msg": msg}),
        piles().auth(Script([logged_in("t")])),  # type: ignore[arg-type]
        Script(),  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    "msg",
    ["websocket写入失败", "websocket写入失败，充电桩不在线", "系统繁忙", "请求超时", "出错了", ""],
)
def test_what_may_pass_is_tried_again(msg: str) -> None:
    outcome = minus(msg)
    assert isinstance(outcome, TryLater)
    assert not outcome.whole_lane


@pytest.mark.parametrize(
    "msg",
    [
        "token无效",
        "Token不能为空",
        "令牌已失效",
        "管理员未登录，无法控制充电桩",
        "请先登录",
        "无法控制充电桩，请先登录",
        "登录已过期",
        "invalid token",
        "用户名或密码错误",
        "账号不存在",
        "权限不足",
        "请求过于频繁",
    ],
)
def test_what_concerns_every_pile_holds_the_lane(msg: str) -> None:
    outcome = minus(msg)
    assert isinstance(outcome, TryLater)
    assert outcome.whole_lane


@pytest.mark.parametrize("msg", ["充电桩不存在", "id应为整数", "status应为on/off/repair/offline"])
def test_what_the_server_will_never_take_is_refused(msg: str) -> None:
    assert minus(msg) == Refused(msg, "-1")


@pytest.mark.parametrize(
    ("content", "http", "outcome"),
    [
        ({"code": 200}, 200, Accepted),
        ({"code": "200", "msg": ""}, 200, Accepted),
        ({"code": 0, "msg": "string"}, 200, Unclear),
        ({"code": 1}, 200, Unclear),
        ({"code": 500}, 200, TryLater),
        ({"code": -2}, 200, TryLater),
        ({"code": True}, 200, Unclear),
        ({"code": 200.0}, 200, Unclear),
        ({"code": 10**20}, 200, Unclear),
        ({"msg": "设置成功"}, 200, Unclear),
        ({"code": 200}, 400, TryLater),
        ({"code": -1, "msg": "充电桩已离线"}, 400, Refused),
        ({"code": -1, "msg": "充电桩已离线"}, 500, TryLater),
        (b"", 404, TryLater),
        (b"", 401, TryLater),
        (b"", 403, TryLater),
    ],
)
def test_codes(content: object, http: int, outcome: type[Outcome]) -> None:
    assert isinstance(piles().read(answer(content, http), Kind.CONNECTOR_STATUS), outcome)


@pytest.mark.parametrize(
    ("http", "content", "renewed"),
    [
        (401, b"", True),
        (200, {"code": -1, "msg": "token无效"}, True),
        (200, {"code": -1, "msg": "websocket写入失败"}, False),
        (200, {"code": 200, "msg": "token"}, False),
        (200, {"code": -1, "msg": "用户名或密码错误"}, False),
        (403, b"", False),
    ],
)
def test_when_the_token_is_renewed(http: int, content: object, renewed: bool) -> None:
    script = Script([logged_in("t-1"), logged_in("t-2")])
    system = piles()
    auth = system.auth(script)  # type: ignore[arg-type]
    assert system.renew(answer(content, http), auth, script) is renewed  # type: ignore[arg-type]
