"""The parking gate's record interface, document 004.

One call. Signature: MD5 over the sorted non-empty fields, `&key=` and the key appended, upper
case. All values are strings, amounts in yuan and kWh with two decimals; an optional field that
has no value is sent as an empty string. A repeated orderNo is answered as success and not stored.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import ClassVar

from sandbox.fields import moment, text
from sandbox.received import Received
from sandbox.system import Answer, Call, Operation, System

PATH = "/parkpot-service/chargePile/chargingRecord"
KIND = "charge-record"

_NEVER_EMPTY = {"orderNo": text, "plateNo": text, "startTime": moment, "endTime": moment}
_PRESENT = ("stationId", "stationName", "deviceId", "deviceName", "spaceNo")
_AMOUNTS = ("power", "elecMoney", "seviceMoney", "totalMoney")
_AMOUNT = re.compile(r"[0-9]+\.[0-9]{2}")
_SUCCESS = Answer(b'{"result":0}')


def signature(fields: Mapping[str, str], key: str) -> str:
    """The sign of these fields (document 004, 2.1); `sign` itself and empty ones do not count."""
    pairs = [f"{name}={fields[name]}" for name in sorted(fields) if name != "sign" and fields[name]]
    return hashlib.md5("&".join([*pairs, f"key={key}"]).encode()).hexdigest().upper()


class Parkpot(System):
    """A car park's gate platform."""

    settings: ClassVar = {
        "port_name": "acme",
        "park_id": "3302122004",
        "key": "sandbox-key",
    }

    def __init__(self, received: Received, *, port_name: str, park_id: str, key: str) -> None:
        """Play the car park `park_id` for the account `port_name`, which signs with `key`."""
        super().__init__(received)
        self._account = (port_name, park_id)
        self._key = key

    def operations(self) -> Mapping[tuple[str, str], Operation]:
        """The one call of the document."""
        return {("POST", PATH): self._record}

    def _record(self, call: Call) -> Answer:
        body, complaint = call.json()
        if complaint:
            return _failure(complaint)
        if not isinstance(body, dict):
            return _failure("请求体应为对象")
        if complaint := self._complaint(body):
            return _failure(complaint)
        order_no = body["orderNo"]
        if complaint := call.rejects(call.path, order_no):
            return _failure(complaint)
        if self.received.knows(KIND, order_no):
            self.received.count_repeated(order_no)
        else:
            self.received.accept(KIND, call.path, order_no, order_no, call.body)
        return _SUCCESS

    def _complaint(self, body: dict[str, object]) -> str | None:
        fields: dict[str, str] = {}
        for name, value in body.items():
            if not isinstance(value, str):
                return f"{name}应为字符串"
            fields[name] = value
        if "sign" not in fields:
            return "sign不能为空"
        expected = signature(fields, self._key)
        if not hmac.compare_digest(expected.encode(), fields["sign"].encode()):
            return "签名错误"
        if (fields.get("portName"), fields.get("parkId")) != self._account:
            return "未授权的车场"
        return _field_complaint(fields)


def _field_complaint(fields: Mapping[str, str]) -> str | None:
    for name, check in _NEVER_EMPTY.items():
        if wrong := check(fields.get(name, "")):
            return name + wrong
    for name in (*_PRESENT, *_AMOUNTS):
        if name not in fields:
            return f"{name}没有的请传空"
    for name in _AMOUNTS:
        if fields[name] and not _AMOUNT.fullmatch(fields[name]):
            return f"{name}应为两位小数"
    return None


def _failure(description: str) -> Answer:
    return Answer.of({"result": 1, "description": description}, refused=True)
