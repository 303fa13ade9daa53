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
  the server's own {"pageList", "totalRecord"}.
- Another server signs the hex digest in place of the raw one: `signature_encoding = "hex"`.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import ClassVar

import requests
from requests.auth import AuthBase

from worker.callback import Callback
from worker.events import ChargeRecord, Event, Kind, SafetyWarning
from worker.exchange import Answer, Http
from worker.operation import Operation
from worker.outcomes import Absent, Accepted, OnUnclear, Outcome, TryLater, Unclear
from worker.tokens import TokenUnavailable
from worker.vendor import CannotSign, Send, System, Takes
from worker.vendors.charging_station import answers, payloads
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
from worker.vendors.charging_station.settings import ChargingStationSettings
from worker.wire import write_json

PATHS = {Kind.CONNECTOR_STATUS: STATUS_PATH, Kind.CHARGE_RECORD: RECORD_PATH}
PAGE_SIZE = 100
MOST_PAGES = 50
MOST_FAILURES = 3
LOOK_UP = timedelta(seconds=20)


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
        """Read the pages of 分页查询多个充电记录信息列表 until all records are found.

        Absent only if every page was read and understood; Unclear for all else, because after
        TryLater a record would be sent unseen.
        """
        records = [event for event in events if isinstance(event, ChargeRecord)]
        if len(records) < len(events):
            return super().look_up(events, send)
        found: set[str] = set()
        rest = self._search(records, found, send)
        here = Accepted("found at the vendor")
        return [here if record.order_no in found else rest for record in records]

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

    def _search(
        self, records: Sequence[ChargeRecord], found: set[str], send: Send
    ) -> Absent | Unclear:
        """Add the orderNos that are there to `found`; returns what that means for the others."""
        operator_id = self.settings.operator_id
        keys = {
            r.order_no: (payloads.start_charge_seq(r, operator_id), payloads.cell_id(r))
            for r in records
        }
        seen: set[str] = set()
        ends_at = self.clock() + LOOK_UP
        for number in range(1, MOST_PAGES + 1):
            page = answers.page(send(self._page(number)))
            if isinstance(page, Unclear):
                return page
            found.update(order_no for order_no, key in keys.items() if page.holds(*key))
            if len(found) == len(keys) or page.ends(seen, PAGE_SIZE):
                return Absent()
            if self.clock() > ends_at:
                break
        return Unclear(f"not found on the first {number} pages; there are more")

    def _address(self, kind: Kind, *, many: bool) -> str:
        if kind is Kind.SAFETY_WARNING:
            return str(self.settings.risk_url)
        return self.settings.url + PATHS[kind] + (LIST if many else "")

    def _page(self, page: int) -> requests.Request:
        asked = {"operatorId": self.settings.operator_id, "pageIndex": page, "pageSize": PAGE_SIZE}
        return requests.Request("GET", self.settings.url + RECORD_PATH, params=asked)


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
