"""A car park's gate platform, told of every completed charge: 云快充 → 道闸, document 004.

Signature: upper-case MD5 of the sorted `name=value` pairs that are not empty, then `&key=…`
(section 2.1). All values are strings: kWh and yuan with two decimals, times in Asia/Shanghai. What
is optional and missing is sent as "".

Field notes, from receivers seen in the wild:
- Section 2.2 promises that a repeated orderNo is answered as success and not processed; hence what
  is unclear is sent again. Two public receivers keep no orderNo and grant the discount once more;
  for such a garage set `on_unclear = "hold"`.
- `result` comes as 0 or "0", as `Result`, and with HTTP 400 or 500. The document's own failure
  sample has result 0 with a description, and its success sample is not JSON.
- A wrong key or account is a `result` 1 like any other; it is told by its words, and holds the lane
  until an operator mends it, so that no record is refused for it.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, ClassVar

import requests
from pydantic import BeforeValidator, Field, SecretStr

from worker.events import ChargeRecord, Event, Kind
from worker.exchange import Answer
from worker.fields import SHANGHAI, parse_moment
from worker.operation import Arguments, Operation, Reply
from worker.outcomes import Accepted, OnUnclear, Outcome, Refused, TryLater, Unclear
from worker.signing import md5_sorted_pairs
from worker.vendor import System, Takes, VendorSettings, by_status

REASON_CHARS = 300


class ParkpotSettings(VendorSettings):
    """One car park; its operator hands out all three (sections 2.1, 2.2 and 3.1)."""

    port_name: str = Field(min_length=1, description="our account, portName")
    park_id: str = Field(min_length=1, description="the car park, parkId")
    key: SecretStr = Field(min_length=1, description="what signs")
    path: str = Field(
        "parkpot-service/chargePile/chargingRecord", description="of the call, below base_url"
    )

    @property
    def record_url(self) -> str:
        """Where records go; a base_url that ends in the path's first part does not repeat it."""
        path = self.path.strip("/")
        first, _, rest = path.partition("/")
        return f"{self.url}/{rest if rest and self.url.endswith(f'/{first}') else path}"


Text = Annotated[str, Field(min_length=1, max_length=512)]
Moment = Annotated[datetime, BeforeValidator(parse_moment)]
Amount = Annotated[Decimal, Field(max_digits=12, decimal_places=2)]
MOMENT = "yyyy-MM-dd HH:mm:ss in Asia/Shanghai, or RFC 3339"


class RecordFields(Arguments):
    """Section 2.2 without what the vendor's table says (portName, parkId) and the sign."""

    order_no: Text = Field(description="订单号, unique")
    plate_no: Text = Field(description="车牌号, the whole plate")
    start_time: Moment = Field(description=f"开始时间, {MOMENT}")
    end_time: Moment = Field(description=f"结束时间, {MOMENT}")
    station_id: Text = Field(description="电站ID")
    station_name: Text = Field(description="电站名称")
    device_id: Text = Field(description="设备ID")
    device_name: Text = Field(description="设备名称")
    space_no: Text | None = Field(None, description="车位号")
    power: Amount | None = Field(None, description="充电量, kWh, two decimals")
    elec_money: Amount | None = Field(None, description="电费, yuan, two decimals")
    sevice_money: Amount | None = Field(None, description="服务费, yuan, two decimals")
    total_money: Amount | None = Field(None, description="总费用, yuan, two decimals")


class Parkpot(System[ParkpotSettings]):
    """One call: chargePile/chargingRecord (section 2.2)."""

    name = "parkpot"
    document = "004"
    settings_type = ParkpotSettings
    takes: ClassVar[Mapping[Kind, Takes]] = {
        Kind.CHARGE_RECORD: Takes(pack=1, on_unclear=OnUnclear.RESEND)
    }
    operations: ClassVar[Mapping[str, Operation]] = {
        "push-record": Operation(
            section="2.2 充电记录推送",
            method="POST",
            path="/parkpot-service/chargePile/chargingRecord",
            arguments=RecordFields,
            request=lambda system, record: system.push(_given(record)),
            read=lambda system, answer: Reply(system.read(answer, Kind.CHARGE_RECORD)),
            known="the document, in full",
            assumed="a repeated orderNo is not processed, as the document promises; two public "
            "receivers keep none and grant the discount once more",
        )
    }

    def wants(self, event: Event) -> bool:
        """A record of a car whose plate is known: plateNo must not be empty."""
        return isinstance(event, ChargeRecord) and bool(event.plate_no)

    def request(self, events: Sequence[Event]) -> requests.Request:
        """The record as section 2.2 wants it, with its sign."""
        (event,) = events
        assert isinstance(event, ChargeRecord)  # noqa: S101 the only kind it takes
        return self.push(_fields(event))

    def push(self, fields: Mapping[str, str]) -> requests.Request:
        """The call of section 2.2 with our account and the sign."""
        fields = self._account() | dict(fields)
        # Receivers differ on whether blanks are empty; sent as "", they are to both.
        fields = {name: value if value.strip() else "" for name, value in fields.items()}
        fields["sign"] = md5_sorted_pairs(fields, self.settings.key.get_secret_value())
        return requests.Request("POST", self.settings.record_url, json=fields)

    def read(self, answer: Answer, kind: Kind) -> Outcome:
        """`result` and `description` (section 1.3), wherever the HTTP status lets them speak."""
        body = _body(answer)
        result, told = _result(body), _description(body, answer)
        code = str(answer.status) if result is None else result
        if answer.status in (401, 403):
            return _account_trouble(told or f"HTTP {answer.status}", code)
        if answer.status != 500 and (said := by_status(answer)):
            return said
        if result == "1":
            return _failure(told or "result 1 without a description", code)
        if answer.status < 300:
            return _success(result, told)
        return by_status(answer) or _client_error(answer.status, told)

    def _account(self) -> dict[str, str]:
        return {"portName": self.settings.port_name, "parkId": self.settings.park_id}


def _given(record: RecordFields) -> dict[str, str]:
    return {name: _text(value) for name, value in record.model_dump(by_alias=True).items()}


def _text(value: object) -> str:
    match value:
        case datetime():
            return _shanghai(value)
        case Decimal():
            return _two_decimals(value)
        case _:
            return str(value or "")


def _fields(record: ChargeRecord) -> dict[str, str]:
    """The event's part. Required names that it lacks are replaced by the nearest id."""
    device_id = record.device_id or record.connector_id or ""
    return {
        "orderNo": record.order_no,
        "plateNo": record.plate_no or "",
        "startTime": _shanghai(record.start_time),
        "endTime": _shanghai(record.end_time),
        "stationId": record.station_id,
        "stationName": record.station_name or record.station_id,
        "deviceId": device_id,
        "deviceName": record.device_name or device_id,
        "spaceNo": record.space_no or "",
        "power": _two_decimals(record.power),
        "elecMoney": _two_decimals(record.elec_money),
        "seviceMoney": _two_decimals(record.service_money),
        "totalMoney": _two_decimals(record.total_money),
    }


def _shanghai(moment: datetime) -> str:
    return f"{moment.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"


def _two_decimals(amount: Decimal | None) -> str:
    if amount is None:
        return ""
    return f"{amount.quantize(Decimal('0.01'), ROUND_HALF_UP) + 0:f}"  # no -0.00


def _body(answer: Answer) -> Mapping[str, object]:
    """The answer's fields by their names in lower case; empty where it has none."""
    if answer.cut:
        return {}
    if PRINTED_SUCCESS.fullmatch(answer.text()):
        return {"result": 0}
    body = answer.json()
    if not isinstance(body, dict):
        return {}
    return {name.lower(): value for name, value in body.items()} | body


def _result(body: Mapping[str, object]) -> str | None:
    """`0`, `1` or what else stands there; None without the field."""
    value = body.get("result")
    if not isinstance(value, int | str):
        return None if value is None else type(value).__name__
    return str(value).strip()[:16]


def _description(body: Mapping[str, object], answer: Answer) -> str:
    for name in ("description", "message", "msg", "error"):
        if value := body.get(name):
            told = value if isinstance(value, str) else answer.text()
            return told.strip()[:REASON_CHARS]
    return ""


def _success(result: str | None, told: str) -> Outcome:
    """HTTP 2xx that is no failure: success needs result 0, and words that do not deny it."""
    if result is None:
        return Unclear(f"an answer without a result: {told}" if told else "no result in the answer")
    if result != "0":
        return Unclear(f"result {result} is not in the document: {told}", result)
    if told and (NOT_TAKEN.search(told) or not TAKEN.search(told)):
        return Unclear(f"result 0, yet described: {told}", result)
    return Accepted(told or "accepted", result)


def _failure(told: str, code: str) -> Outcome:
    for words, outcome in FAILURES:
        if words.search(told):
            return outcome(told, code)
    return Refused(told, code)


def _client_error(status: int, told: str) -> Outcome:
    """A 4xx without a result, other than 401 and 403."""
    if status in (404, 405):
        said = f"HTTP {status}: is base_url with path right? {told}"
        return TryLater(said.strip(), str(status))
    return _failure(told or f"HTTP {status}", str(status))


def _account_trouble(told: str, code: str) -> Outcome:
    return TryLater(f"check port_name, park_id and key: {told}", code, whole_lane=True)


PRINTED_SUCCESS = re.compile(r'\s*\{\s*["“”]result["“”]\s*[,，]\s*0\s*\}\s*')
TAKEN = re.compile(
    r"成功|完成|完毕|重复|收到|已(接收|存在|处理|推送|入库)"
    r"|\b(ok|success\w*|duplicated?|received|accepted|done)\b",
    re.IGNORECASE | re.ASCII,
)
NOT_TAKEN = re.compile(
    r"[未没]|无法|不(成功|能|存在|正确|合法|完)|失败|错误|异常|\b(not|no)\b|fail|error",
    re.IGNORECASE | re.ASCII,
)
FAILURES: Sequence[tuple[re.Pattern[str], Callable[[str, str], Outcome]]] = (
    (
        re.compile(
            r"签名|验签|密钥|授权|无权|权限|[账帐]号|portName|\b(check)?sign(?!al)|\bkey\b|authori[sz]|\baccount",
            re.IGNORECASE | re.ASCII,
        ),
        _account_trouble,
    ),
    (
        re.compile(
            r"系统|繁忙|超时|稍[后候]|频繁|异常|重试|维护|服务器|数据库"
            r"|busy|time(d )?out|system|try again|too many|internal|unavailable|exception",
            re.IGNORECASE,
        ),
        TryLater,
    ),
)
SYSTEM = Parkpot
