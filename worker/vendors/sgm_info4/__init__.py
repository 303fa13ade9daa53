"""A car maker's gateway, told how reservations of public piles end: SGM INFO4, document 002.

Signature: appId, timestamp in ms and authCode, a TOTP of eight digits (HMAC-SHA256, steps of 60 s)
over the time alone, made with the AppKey (AuthCode生成方式). The AppKey is fetched with a client
certificate and holds until it is refused. Calls [USER] also name a user, with his access token.

A charge record with a preNum completes that reservation; a fault of the connector it holds cancels
it, with the reason (【公桩】修改预约). The document takes no other event.

Field notes:
- Every error has HTTP 200; the resultCode decides, see answers.ANSWERS.
- The document has idpUserId, npo and a number for the status in some places, ipdUserId, np0 or
  npoc and text in others; a public client writes npo, timeStamp, and paths without private/. Each
  is a setting.
- A reservation may be set to its final status again, yet the document does not promise that a
  repeat is answered as success. So what is unclear is looked up first (查询公桩预约); what is not
  found there, or is still reserved, is sent again, which does no harm.
- expirationMinutes is 600 in one place and 6000000 in another, and not in use, says its table.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import ClassVar

import requests
from requests.auth import AuthBase

from worker.events import Event, Kind
from worker.exchange import Answer, Http, NoAnswer
from worker.operation import Operation
from worker.outcomes import Absent, Accepted, OnUnclear, Outcome, Refused, TryLater, Unclear
from worker.tokens import TokenUnavailable
from worker.vendor import CannotSign, Send, System, Takes
from worker.vendors.sgm_info4 import answers, payloads
from worker.vendors.sgm_info4.auth import GatewayAuth
from worker.vendors.sgm_info4.operations import OPERATIONS
from worker.vendors.sgm_info4.settings import SgmInfo4Settings

LOOK_UP = timedelta(seconds=20)


class SgmInfo4(System[SgmInfo4Settings]):
    """修改预约 for events; every other call is an operation."""

    name = "sgm_info4"
    document = "002"
    settings_type = SgmInfo4Settings
    takes: ClassVar[Mapping[Kind, Takes]] = {
        Kind.CHARGE_RECORD: Takes(on_unclear=OnUnclear.VERIFY, look_up=True),
        # A fault ends a reservation, whatever the connector says afterwards.
        Kind.CONNECTOR_STATUS: Takes(on_unclear=OnUnclear.VERIFY, look_up=True, newest_only=False),
    }
    operations: ClassVar[Mapping[str, Operation]] = OPERATIONS

    def wants(self, event: Event) -> bool:
        """A record with a preNum, and a fault with one: all else ends no reservation."""
        return payloads.reservation(event) is not None

    def request(self, events: Sequence[Event]) -> requests.Request:
        """The reservation's new status: 2 completed, or 3 cancelled with the reason."""
        (event,) = events
        pre_num, status = _ended(event)
        reason = payloads.cancel_reason(event)
        change: dict[str, object] = {"preNum": pre_num, "status": status}
        return payloads.update(
            self.settings, change if reason is None else change | {"cancelReason": reason}
        )

    def read(self, answer: Answer, kind: Kind) -> Outcome:
        """By the resultCode; see answers.ANSWERS."""
        return answers.meaning(answer, changes=True)

    def auth(self, http: Http) -> AuthBase:
        """Signs with the AppKey that all workers share."""
        key = _shared(lambda: self.tokens.get(self._key_name(), lambda: self._fetch(http)))
        return GatewayAuth(self.settings, self.clock, key)

    def renew(self, answer: Answer, auth: AuthBase | None, http: Http) -> bool:
        """Whether the AuthCode was refused (0003); then the newest AppKey is there."""
        if not isinstance(auth, GatewayAuth) or not answers.key_refused(answer):
            return False
        name, stale = self._key_name(), auth.app_key
        _shared(lambda: self.tokens.renew(name, stale, lambda: self._fetch(http)))
        return True

    def look_up(self, events: Sequence[Event], send: Send) -> Sequence[Outcome | Absent]:
        """Ask for each reservation how it stands (查询公桩预约), as long as the time allows."""
        ends_at = self.clock() + LOOK_UP
        stands: list[Outcome | Absent] = []
        for event in events:
            if self.clock() > ends_at:
                stands.append(Unclear("not looked up yet: the time was short"))
                continue
            try:
                stands.append(self._standing(*_ended(event), send))
            except (CannotSign, NoAnswer) as error:
                stands.append(Unclear(f"not looked up: {error}"))
                ends_at = self.clock() - LOOK_UP
        return stands

    def certificate(self) -> tuple[str, str]:
        """Ours, which generateAppKey asks for."""
        return str(self.settings.client_cert), str(self.settings.client_key)

    def _standing(self, pre_num: str, status: int, send: Send) -> Outcome | Absent:
        asked = {"brandId": self.settings.brand_id, "preNum": pre_num}
        answer = send(payloads.post(self.settings, payloads.QUERY_RESERVATION, asked))
        said = answers.meaning(answer, changes=False)
        if not isinstance(said, Accepted):
            return Unclear(f"not looked up: {said.reason}", said.code)
        stands = answers.reservation_status(answer, pre_num)
        if stands in (None, payloads.RESERVED):
            return Absent()
        words = payloads.STATUS_WORDS[stands]
        if stands == status:
            return Accepted(f"looked up: the reservation is {words}", said.code)
        return Refused(f"the reservation is {words} already", said.code)

    def _key_name(self) -> str:
        """An AppKey belongs to the app: vendors that are one app at one gateway share it."""
        return self.settings.app_key_address

    def _fetch(self, http: Http) -> str:
        try:
            answer = http.send(payloads.app_key(self.settings))
        except NoAnswer as error:
            told = f"no AppKey: {error} (asked for with client_cert and client_key)"
            raise CannotSign(TryLater(told, whole_lane=True)) from error
        said = answers.meaning(answer, changes=False)
        key = answers.app_key(answer) if isinstance(said, Accepted) else None
        if key is None:
            why = "none of use in the answer" if isinstance(said, Accepted) else said.reason
            after_s = said.after_s if isinstance(said, TryLater) else None
            raise CannotSign(TryLater(f"no AppKey: {why}", said.code, after_s, whole_lane=True))
        return key


def _ended(event: Event) -> tuple[str, int]:
    """The reservation that an event ends, and how.

    Raises:
        TypeError: it ends none; such an event is not wanted.
    """
    ended = payloads.reservation(event)
    if ended is None:
        raise TypeError(f"ends no reservation: {type(event).__name__}")
    return ended


def _shared(key: Callable[[], str]) -> str:
    try:
        return key()
    except TokenUnavailable as error:
        raise CannotSign(TryLater(f"no AppKey: {error}")) from error


SYSTEM = SgmInfo4
