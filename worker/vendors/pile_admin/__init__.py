"""An operator's own piles, set by their administrator: 充电桩管理员端 v1.0.0, document 003.

Signature: none; 管理员登录 gives a token that every other call carries in its query. The token has
no stated lifetime: all workers share one and use it until it is refused.

A pile knows on, off, repair and offline. What is told of its connector:
- on: idle, occupied, charging, reserved, finished. A driver can use it, now or next.
- repair: fault, and a safety warning of high risk that is not cleared. The interface has no word
  for an all-clear: the connector's next status says on again.
- offline: the status offline, and only if `allow_offline`. An administrator cannot take it back
  until the pile itself logs in (设置充电桩的状态, 2); without the setting it is not told.
To set a status that is set already changes nothing, hence what is unclear is sent again.

Field notes:
- 200 is success and -1 every error; the sentence decides. The document shows one: the server could
  not write to the pile's websocket, which may pass.
- The login's body is printed as a form; for a server that reads JSON, `login_encoding = "json"`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

import requests
from requests.auth import AuthBase

from worker.events import ConnectorState, ConnectorStatus, Event, Kind, SafetyWarning
from worker.exchange import Answer, Http
from worker.outcomes import Accepted, OnUnclear, Outcome, TryLater
from worker.tokens import TokenUnavailable
from worker.vendor import CannotSign, System, Takes
from worker.vendors.pile_admin import answers, calls
from worker.vendors.pile_admin.calls import PileStatus, TokenAuth
from worker.vendors.pile_admin.operations import OPERATIONS
from worker.vendors.pile_admin.settings import PileAdminSettings

STATUSES: Mapping[ConnectorState, PileStatus] = {
    ConnectorState.OFFLINE: "offline",
    ConnectorState.IDLE: "on",
    ConnectorState.OCCUPIED: "on",
    ConnectorState.CHARGING: "on",
    ConnectorState.RESERVED: "on",
    ConnectorState.FINISHED: "on",
    ConnectorState.FAULT: "repair",
}


class PileAdmin(System[PileAdminSettings]):
    """用户管理 and 充电桩管理."""

    name = "pile_admin"
    document = "003"
    settings_type = PileAdminSettings
    takes: ClassVar[Mapping[Kind, Takes]] = {
        Kind.CONNECTOR_STATUS: Takes(pack=1, on_unclear=OnUnclear.RESEND),
        Kind.SAFETY_WARNING: Takes(pack=1, on_unclear=OnUnclear.RESEND),
    }
    operations = OPERATIONS

    def wants(self, event: Event) -> bool:
        """What sets the status of one of the piles."""
        return self._change(event) is not None

    def request(self, events: Sequence[Event]) -> requests.Request:
        """设置充电桩的状态."""
        (event,) = events
        change = self._change(event)
        assert change is not None  # noqa: S101 it was wanted
        return calls.set_status(self.settings, *change)

    def read(self, answer: Answer, kind: Kind) -> Outcome:
        """`code` and `msg`; see answers.WORDS."""
        return answers.meaning(answer)

    def auth(self, http: Http) -> AuthBase:
        """Carries the token that all workers share (管理员登录)."""
        return TokenAuth(_shared(lambda: self.tokens.get(self.vendor, lambda: self._log_in(http))))

    def renew(self, answer: Answer, auth: AuthBase | None, http: Http) -> bool:
        """Whether the token was refused; then there is another one."""
        if not isinstance(auth, TokenAuth) or not answers.token_refused(answer):
            return False
        stale = auth.token
        _shared(lambda: self.tokens.renew(self.vendor, stale, lambda: self._log_in(http)))
        return True

    def _change(self, event: Event) -> tuple[int, PileStatus] | None:
        """The pile and the status it gets; None if the event sets nothing."""
        told: PileStatus
        match event:
            case ConnectorStatus(status=ConnectorState.OFFLINE) if not self.settings.allow_offline:
                return None
            case ConnectorStatus(connector_id=connector, status=status):
                told = STATUSES[status]
            case SafetyWarning(connector_id=str(connector), risk_level="high", cleared=False):
                told = "repair"
            case _:
                return None
        pile = self.settings.piles.get(connector)
        return None if pile is None else (pile, told)

    def _log_in(self, http: Http) -> str:
        answer = http.send(calls.login(self.settings))
        said = answers.meaning(answer)
        token = answers.token(answer) if isinstance(said, Accepted) else None
        if token is None:
            why = "no usable token in the answer" if isinstance(said, Accepted) else said.reason
            after_s = said.after_s if isinstance(said, TryLater) else None
            raise CannotSign(TryLater(f"no token: {why}", said.code, after_s, whole_lane=True))
        return token


def _shared(token: Callable[[], str]) -> str:
    try:
        return token()
    except TokenUnavailable as error:
        raise CannotSign(TryLater(f"no token: {error}")) from error


SYSTEM = PileAdmin
