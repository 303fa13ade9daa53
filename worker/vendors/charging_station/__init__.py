"""A city's charging supervision platform: ChargingStationHTTPAPI, document 000 (2022-03-30).

Signature: base64 of the HMAC-SHA256 over the lines `datetime: …`, `operatorid: …`, `token: …`,
the secret as UTF-8; the token call itself signs the first two (获取运营商operator token). Times are
Asia/Shanghai; kWh, yuan, V, A, kW, mA and °C are JSON numbers with at most two decimals.

Field notes:
- The platform's clock check is 5 minutes wide, hence every try is signed anew.
- A token has no stated lifetime: it is used until it is refused.
- A server seen in the wild answers HTTP 200 and status -1 with a Chinese sentence for everything,
  from a wrong signature to an empty field: the sentence decides. It answers HTTP 400
  {"error": …} to some wrong bodies, and takes a list whole or not at all.
- That server stores a repeated record twice; what is unclear is read back first. The document does
  not show the page that is read: {"list", "total"} and its relatives are understood, among them
  the server's own {"pageList", "totalRecord"}. Nor does it name their order; see order.
- Another server signs the hex digest in place of the raw one: `signature_encoding = "hex"`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import ClassVar

import requests
from requests.auth import AuthBase

from worker.callback import Callback
from worker.copies import Copy, Span
from worker.events import ChargeRecord, Event, Kind, SafetyWarning
from worker.exchange import Answer, Http
from worker.operation import Operation
from worker.outcomes import Absent, Accepted, OnUnclear, Outcome, TryLater
from worker.tokens import TokenUnavailable
from worker.vendor import CannotSign, Send, System, Takes
from worker.vendors.charging_station import answers, payloads, reading
from worker.vendors.charging_station.arguments import RECORDS_A_CALL, STATUSES_A_CALL
from worker.vendors.charging_station.auth import OperatorAuth
from worker.vendors.charging_station.callbacks import CALLBACKS
from worker.vendors.charging_station.calls import TOKEN_PATH
from worker.vendors.charging_station.operations import (
    LIST,
    OPERATIONS,
    RECORD_PATH,
    STATUS_AGAIN_PATH,
    STATUS_PATH,
)
from worker.vendors.charging_station.pages import PAGE_SIZE, Ask
from worker.vendors.charging_station.settings import ChargingStationSettings
from worker.wire import write_json

PATHS = {Kind.CONNECTOR_STATUS: STATUS_PATH, Kind.CHARGE_RECORD: RECORD_PATH}
MOST_FAILURES = 3


class ChargingStation(System[ChargingStationSettings]):
    """实时数据上报, 充电记录管理 and, in the platform's place, 安全预警管理."""

    name = "charging_station"
    document = "000"
    settings_type = ChargingStationSettings
    takes: ClassVar[Mapping[Kind, Takes]] = {
        Kind.CONNECTOR_STATUS: Takes(
            STATUSES_A_CALL, OnUnclear.RESEND, all_or_nothing=True, most_failures=MOST_FAILURES
        ),
        Kind.CHARGE_RECORD: Takes(
            RECORDS_A_CALL, OnUnclear.VERIFY, all_or_nothing=True, look_up=True
        ),
        Kind.SAFETY_WARNING: Takes(pack=1, on_unclear=OnUnclear.RESEND),
    }
    operations: ClassVar[Mapping[str, Operation]] = OPERATIONS
    reads_back: ClassVar[frozenset[Kind]] = frozenset({Kind.CHARGE_RECORD})
    callbacks: ClassVar[Mapping[str, Callback]] = CALLBACKS

    def wants(self, event: Event) -> bool:
        """Every status and record; a warning about a cell that this vendor did not raise itself.

        The interface has no other place for a warning, and no word for all-clear.
        """
        if not isinstance(event, SafetyWarning):
            return True
        if self.settings.risk_url is None or event.cleared or event.vendor == self.vendor:
            return False
        return payloads.endangered_cell(event) is not None

    def request(self, events: Sequence[Event]) -> requests.Request:
        """One event to its single call, several to its list call, as a bare array."""
        items = [payloads.item(event, self.settings.operator_id) for event in events]
        many = len(items) > 1
        return _post(self._address(events[0].kind, many=many), items if many else items[0])

    def request_again(self, event: Event, vendor_ref: str) -> requests.Request:
        """重新上报充电口实时信息: the status with the id that the platform gave it."""
        item = payloads.item(event, self.settings.operator_id)
        return _post(
            self.settings.url + STATUS_AGAIN_PATH, item | {"chargingMetaInfoId": vendor_ref}
        )

    def read(self, answer: Answer, kind: Kind) -> Outcome:
        """`status` and `message`, together with the HTTP status; see answers.ANSWERS."""
        return answers.meaning(answer)

    def auth(self, http: Http) -> AuthBase:
        """Signs with the token that all workers share (获取运营商operator token)."""
        token = _shared(lambda: self.tokens.get(self.vendor, lambda: self._fetch(http)))
        return OperatorAuth(self.settings, self.clock, token)

    def renew(self, answer: Answer, auth: AuthBase | None, http: Http) -> bool:
        """Whether the token was refused; then there is another one."""
        stale = auth.token if isinstance(auth, OperatorAuth) else None
        if stale is None or not answers.token_refused(answer):
            return False
        _shared(lambda: self.tokens.renew(self.vendor, stale, lambda: self._fetch(http)))
        return True

    def look_up(self, events: Sequence[Event], send: Send) -> Sequence[Outcome | Absent]:
        """Search the pages of 分页查询多个充电记录信息列表."""
        records = [event for event in events if isinstance(event, ChargeRecord)]
        if len(records) < len(events):
            return super().look_up(events, send)
        return reading.look_up(records, self.settings.operator_id, self._asking(send), self.clock)

    def read_back(self, kind: Kind, span: Span, send: Send) -> Iterator[Sequence[Copy]]:
        """Read the pages of 分页查询多个充电记录信息列表, as many as the span needs."""
        return reading.read_back(span, self._asking(send))

    def copy_of(self, event: Event) -> Copy:
        """A record by its startChargeSeq and cellId."""
        if not isinstance(event, ChargeRecord):
            return super().copy_of(event)
        return reading.copy_of(event, self.settings.operator_id)

    def _fetch(self, http: Http) -> str:
        signed = OperatorAuth(self.settings, self.clock)
        answer = http.send(requests.Request("GET", self.settings.url + TOKEN_PATH), signed)
        said = answers.meaning(answer)
        token = answers.token(answer) if isinstance(said, Accepted) else None
        if token is None:
            why = "no usable token in the answer" if isinstance(said, Accepted) else said.reason
            after_s = said.after_s if isinstance(said, TryLater) else None
            raise CannotSign(TryLater(f"no token, {why}", said.code, after_s, whole_lane=True))
        return token

    def _address(self, kind: Kind, *, many: bool) -> str:
        if kind is Kind.SAFETY_WARNING:
            return str(self.settings.risk_url)
        return self.settings.url + PATHS[kind] + (LIST if many else "")

    def _asking(self, send: Send) -> Ask:
        url, ours = self.settings.url + RECORD_PATH, self.settings.operator_id

        def ask(number: int) -> Answer:
            asked = {"operatorId": ours, "pageIndex": number, "pageSize": PAGE_SIZE}
            return send(requests.Request("GET", url, params=asked))

        return ask


def _post(url: str, content: object) -> requests.Request:
    return requests.Request(
        "POST",
        url,
        data=write_json(content).encode(),
        headers={"Content-Type": "application/json"},
    )


def _shared(token: Callable[[], str]) -> str:
    try:
        return token()
    except TokenUnavailable as error:
        raise CannotSign(TryLater(f"no token, {error}")) from error


SYSTEM = ChargingStation
