"""The pile administrator's interface, document 003.

The token goes in the query. Every answer is HTTP 200; code 200 is success, every error is -1 with
a sentence. A pile that was set offline cannot be set again until it logs in by itself.
"""

import hmac
from collections.abc import Mapping
from typing import ClassVar
from urllib.parse import parse_qsl

from sandbox.piles import Pile, Piles
from sandbox.received import Received
from sandbox.system import Answer, Call, Carried, Control, ControlError, Operation, System
from sandbox.tokens import Tokens

LOGIN_PATH = "/a/login"
QUEUE_PATH = "/admin/charge/queue"
STATUSES_PATH = "/admin/charge/status/get"
SET_STATUS_PATH = "/admin/charge/status/set"
KIND = "pile-status"

STATUSES = ("on", "off", "repair", "offline")


class PileAdmin(System):
    """An operator's own piles, as its administrator sees them."""

    settings: ClassVar = {
        "username": "admin",
        "password": "sandbox-password",
        "token_lifetime_s": 7200.0,
        "piles": [1, 2, 3],
    }
    has_tokens = True

    def __init__(
        self,
        received: Received,
        *,
        username: str,
        password: str,
        token_lifetime_s: float,
        piles: list[object],
    ) -> None:
        """Play these piles (whole numbers) for one administrator."""
        super().__init__(received)
        self._account = (username, password)
        self._tokens = Tokens(token_lifetime_s)
        self._piles = Piles(piles)

    def operations(self) -> Mapping[tuple[str, str], Operation]:
        """The four calls of the document."""
        return {
            ("POST", LOGIN_PATH): self._login,
            ("GET", QUEUE_PATH): self._queue,
            ("GET", STATUSES_PATH): self._statuses,
            ("POST", SET_STATUS_PATH): self._set_status,
        }

    def controls(self) -> Mapping[str, Control]:
        """`pile_login {"id": 1}`: the pile logs in by itself and is off."""
        return {"pile_login": self._pile_login}

    def carries(self, headers: Mapping[str, str], query: Mapping[str, str]) -> Carried:
        """The token is a query parameter."""
        return Carried(token="token" in query, app_key=False)

    def expire_tokens(self) -> None:
        """Make every token issued so far invalid."""
        self._tokens.expire_all()

    def forget(self) -> None:
        """Let the piles be as at the start."""
        self._piles.restart()

    def _login(self, call: Call) -> Answer:
        fields = _login_fields(call)
        if fields is None:
            return _failure("请求体应为username和password")
        username, password = fields.get("username"), fields.get("password")
        if not (isinstance(username, str) and isinstance(password, str)):
            return _failure("username和password应为字符串")
        if not (username == self._account[0] and _same(password, self._account[1])):
            return _failure("用户名或密码错误")
        self.received.counters.token_fetches += 1
        return Answer.of({"code": 200, "msg": "登录成功", "token": self._tokens.issue()})

    def _queue(self, call: Call) -> Answer:
        pile = self._known_pile(call)
        if not isinstance(pile, Pile):
            return _failure(pile)
        return _success("获取成功", pile.shown_queue())

    def _statuses(self, call: Call) -> Answer:
        if complaint := self._token_complaint(call):
            return _failure(complaint)
        return _success("获取成功", self._piles.shown())

    def _set_status(self, call: Call) -> Answer:
        pile = self._known_pile(call)
        if not isinstance(pile, Pile):
            return _failure(pile)
        status = call.query.get("status", "")
        if status not in STATUSES:
            return _failure(f"status应为{'/'.join(STATUSES)}")
        if complaint := call.rejects(call.path, str(pile.number)):
            return _failure(complaint)
        if pile.status == "offline":
            return _failure("充电桩已离线，管理员无法控制")
        pile.set(status)
        told = Answer.of({"id": pile.number, "status": status}).body
        self.received.accept(KIND, call.path, str(pile.number), pile.identity, told)
        return Answer.of({"code": 200, "msg": "设置成功"})

    def _known_pile(self, call: Call) -> Pile | str:
        """The pile that the query names, or why there is none."""
        if complaint := self._token_complaint(call):
            return complaint
        number = call.query.get("id", "")
        if not (number.isascii() and number.isdigit()):
            return "id应为整数"
        return self._piles.find(int(number)) or "充电桩不存在"

    def _token_complaint(self, call: Call) -> str | None:
        token = call.query.get("token")
        if not token:
            return "token不能为空"
        return None if self._tokens.valid(token) else "token无效或已过期"

    def _pile_login(self, content: Mapping[str, object]) -> object:
        number = content.get("id")
        pile = self._piles.find(number) if type(number) is int else None
        if pile is None:
            raise ControlError(f"id must be one of {', '.join(map(str, self._piles.numbers()))}")
        pile.log_in()
        return pile.shown()


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(
        one.encode(errors="surrogatepass"), other.encode(errors="surrogatepass")
    )


def _login_fields(call: Call) -> Mapping[str, object] | None:
    """The body's fields, sent as JSON or as a form; None when it is neither."""
    if call.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(call.body.decode(errors="replace"), keep_blank_values=True))
    body, _ = call.json()
    return body if isinstance(body, dict) else None


def _success(message: str, content: object) -> Answer:
    return Answer.of({"code": 200, "msg": message, "data": content})


def _failure(message: str) -> Answer:
    return Answer.of({"code": -1, "msg": message}, refused=True)
