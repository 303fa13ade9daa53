"""The charging station platform's interface, document 000.

Success is status 200; a call that may not be made is status -1, a wrong body status 400, all with
HTTP 200. Lists are taken whole or not at all. A repeated record is stored twice, as a real
server of this interface does. Reporting is asynchronous: what was answered with success may fail
later, which the operator is told at the URL that it told.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar, NamedTuple

from sandbox.charging_station_answers import (
    MAY_NOT,
    WRONG,
    Complaint,
    refusal,
    success,
)
from sandbox.charging_station_callbacks import CallbackUrls
from sandbox.charging_station_calls import PlatformCalls
from sandbox.charging_station_failures import LaterFailures
from sandbox.charging_station_items import RECORD, STATUS, STATUS_AGAIN, WARNING, ItemKind
from sandbox.charging_station_places import Places
from sandbox.charging_station_records import StoredRecords
from sandbox.operator_door import NOT_THIS_OPERATOR, OperatorDoor
from sandbox.received import Received
from sandbox.system import Answer, Call, Control, Operation, System
from sandbox.tokens import Tokens

STATUSES_A_CALL = 12
RECORDS_A_CALL = 30

TOKEN_PATH = "/platform/management/operatorAPIToken"  # noqa: S105 - a path
RECORD_PATH = "/platform/management/chargingRecord"
RECORD_LIST_PATH = "/platform/management/chargingRecordList"
STATUS_PATH = "/platform/report/chargingMetaInfo"
STATUS_LIST_PATH = "/platform/report/chargingMetaInfoList"
STATUS_AGAIN_PATH = "/platform/report/failed/chargingMetaInfo"
RISK_PATH = "/risk"


class CheckedItem(NamedTuple):
    """An item that may be stored."""

    key: str
    identity: str
    body: Mapping[str, object]


class ChargingStation(System):
    """A city's platform, as it looks to one operator."""

    settings: ClassVar = {
        "operator_id": "395815801",
        "secret": "sandbox-secret",
        "token_lifetime_s": 7200.0,
        "signature_encoding": "raw",
    }
    has_tokens = True

    def __init__(
        self,
        received: Received,
        *,
        operator_id: str,
        secret: str,
        token_lifetime_s: float,
        signature_encoding: str,
    ) -> None:
        """Play the platform for `operator_id`; signature_encoding is `raw` or `hex`."""
        if signature_encoding not in {"raw", "hex"}:
            raise ValueError("signature_encoding must be raw or hex")
        super().__init__(received)
        self._tokens = Tokens(token_lifetime_s)
        self._door = OperatorDoor(operator_id, secret, signature_encoding, self._tokens)
        self._places = Places(self._door, received)
        self._callbacks = CallbackUrls(self._door, received)
        self._records = StoredRecords(self._door, received)
        self._calls = PlatformCalls(self._door, self._callbacks, self.outgoing)
        self._failures = LaterFailures(self._calls, received)

    def operations(self) -> Mapping[tuple[str, str], Operation]:
        """The document's calls that this sandbox plays."""
        return {
            ("GET", TOKEN_PATH): self._token,
            ("GET", RECORD_PATH): self._records.page,
            ("POST", RECORD_PATH): lambda call: self._one(call, RECORD),
            ("POST", RECORD_LIST_PATH): lambda call: self._list(call, RECORD, RECORDS_A_CALL),
            ("POST", STATUS_PATH): lambda call: self._one(call, STATUS),
            ("POST", STATUS_LIST_PATH): lambda call: self._list(call, STATUS, STATUSES_A_CALL),
            ("POST", STATUS_AGAIN_PATH): lambda call: self._one(call, STATUS_AGAIN),
            ("POST", RISK_PATH): lambda call: self._one(call, WARNING),
            **self._places.operations(),
            **self._callbacks.operations(),
        }

    def controls(self) -> Mapping[str, Control]:
        """Those of the failures, of the calls to the operator and of the stored records."""
        return {
            **self._failures.controls(),
            **self._calls.controls(),
            **self._records.controls(),
        }

    def expire_tokens(self) -> None:
        """Make every token issued so far invalid."""
        self._tokens.expire_all()

    def forget(self) -> None:
        """Forget places, records, callback URLs and what shall fail or did."""
        for part in (self._places, self._callbacks, self._records, self._failures):
            part.forget()

    def _token(self, call: Call) -> Answer:
        if complaint := self._door.complaint(call.headers, token_needed=False):
            return refusal(Complaint(MAY_NOT, complaint))
        self.received.counters.token_fetches += 1
        return success(self._tokens.issue())

    def _one(self, call: Call, kind: ItemKind) -> Answer:
        body, complaint = self._body(call)
        if complaint:
            return refusal(complaint)
        checked = self._checked(call, kind, body)
        if isinstance(checked, Complaint):
            return refusal(checked)
        self._take(call, kind, checked)
        return _ACCEPTED

    def _list(self, call: Call, kind: ItemKind, limit: int) -> Answer:
        bodies, complaint = self._body(call)
        if complaint:
            return refusal(complaint)
        if not isinstance(bodies, list) or not bodies:
            return refusal(Complaint(WRONG, "请求体应为不为空的数组"))
        if len(bodies) > limit:
            return refusal(Complaint(WRONG, f"一次最多{limit}条"))
        items = self._all_checked(call, kind, bodies)
        if isinstance(items, Complaint):
            return refusal(items)
        for place, item in enumerate(items):
            self._take(call, kind, item, place)
        return _ACCEPTED

    def _take(
        self, call: Call, kind: ItemKind, item: CheckedItem, place: int | None = None
    ) -> None:
        if kind.kind == STATUS.kind and self._failures.strike(call.path, item.body):
            return
        stored = self.received.accept(
            kind.kind, call.path, item.key, item.identity, call.body, place
        )
        if kind is RECORD:
            self._records.add(stored)

    def _body(self, call: Call) -> tuple[object, Complaint | None]:
        if complaint := self._door.complaint(call.headers):
            return None, Complaint(MAY_NOT, complaint)
        body, complaint = call.json()
        return body, Complaint(WRONG, complaint) if complaint else None

    def _all_checked(
        self, call: Call, kind: ItemKind, bodies: Sequence[object]
    ) -> list[CheckedItem] | Complaint:
        items: list[CheckedItem] = []
        cells: set[str] = set()
        for place, body in enumerate(bodies, start=1):
            item = self._checked(call, kind, body)
            if isinstance(item, CheckedItem) and kind is STATUS and item.key in cells:
                item = Complaint(WRONG, "cellId重复")
            if isinstance(item, Complaint):
                return Complaint(item.status, f"第{place}个数据有误：{item.message}")
            cells.add(item.key)
            items.append(item)
        return items

    def _checked(self, call: Call, kind: ItemKind, body: object) -> CheckedItem | Complaint:
        if not isinstance(body, dict):
            return Complaint(WRONG, "应为对象")
        if complaint := kind.complaint(body):
            return Complaint(WRONG, complaint)
        if body["operatorId"] != self._door.operator_id:
            return Complaint(MAY_NOT, NOT_THIS_OPERATOR)
        if kind is STATUS_AGAIN and (complaint := self._failures.complaint(body)):
            return Complaint(WRONG, complaint)
        key = kind.key_of(body)
        if complaint := call.rejects(call.path, key):
            return Complaint(WRONG, complaint)
        return CheckedItem(key, kind.identity_of(body), body)


_ACCEPTED = success("上报成功")
