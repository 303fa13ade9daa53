"""What the charging station platform takes, document 000: three kinds of item, field by field.

Times are Asia/Shanghai; energy in kWh, money in yuan and measured values are numbers with at
most two decimals.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sandbox.fields import Form, integer, left_empty, moment, number, one_of, text

Body = Mapping[str, object]

START_CHARGE_SEQ_LENGTH = 27


@dataclass(frozen=True, slots=True)
class ItemKind:
    """One kind of item: how it is checked and what tells two of them apart."""

    kind: str
    form: Form
    key: str
    identity: tuple[str, ...]
    more: Callable[[Body], str | None] = lambda body: None

    def complaint(self, body: Body) -> str | None:
        """The first field that is wrong, named, or None."""
        return self.form.complaint(body) or self.more(body)

    def key_of(self, body: Body) -> str:
        """The key by which a person would name the item."""
        return str(body[self.key])

    def identity_of(self, body: Body) -> str:
        """What is equal in two reports of the same thing."""
        return " ".join(str(body[name]) for name in self.identity)


def _first_report(body: Body) -> str | None:
    complaint = left_empty(body.get("chargingMetaInfoId"))
    return f"chargingMetaInfoId{complaint}" if complaint else None


def _second_report(body: Body) -> str | None:
    complaint = text(body.get("chargingMetaInfoId") or "")
    return f"chargingMetaInfoId{complaint}" if complaint else None


def _start_charge_seq(body: Body) -> str | None:
    seq, operator_id = str(body["startChargeSeq"]), str(body["operatorId"])
    rest = seq.removeprefix(operator_id)
    well_formed = (
        len(seq) == START_CHARGE_SEQ_LENGTH
        and seq.startswith(operator_id)
        and rest.isascii()
        and rest.isdigit()
    )
    return None if well_formed else "startChargeSeq应为运营商id加数字,共27位"


_STATUS_FORM = Form(
    required={
        "cellId": text,
        "equipmentId": text,
        "operatorId": text,
        "updateDatetime": moment,
        "cellStatus": one_of(0, 1, 2, 3, 4, 5, 255),
        "doorStatus": one_of(0, 10, 50),
        "errorCode": integer,
        "current": number(2),
        "voltage": number(2),
        "power": number(2),
        "quantity": number(2),
        "envTemperature": number(2),
        "cirTemperature": number(2),
    },
    optional={"residualCurrent": number(2), "startChargeSeq": text},
)
_RECORD_FORM = Form(
    required={
        "startChargeSeq": text,
        "cellId": text,
        "operatorId": text,
        "startDatetime": moment,
        "endDatetime": moment,
        "totalPower": number(2),
        "totalElecMoney": number(2),
        "totalServiceMoney": number(2),
        "startType": integer,
        "stopReason": one_of(*range(25)),
        "averagePower": number(2),
    },
    optional={},
)
_WARNING_FORM = Form(
    required={
        "operatorId": text,
        "cellId": text,
        "riskLevel": one_of("高风险", "中风险", "低风险"),
        "riskReason": text,
        "platformDatetime": moment,
    },
    optional={},
)

STATUS = ItemKind(
    "connector-status", _STATUS_FORM, "cellId", ("cellId", "updateDatetime"), _first_report
)
STATUS_AGAIN = ItemKind(
    "connector-status", _STATUS_FORM, "cellId", ("cellId", "updateDatetime"), _second_report
)
RECORD = ItemKind(
    "charge-record", _RECORD_FORM, "startChargeSeq", ("startChargeSeq",), _start_charge_seq
)
WARNING = ItemKind("safety-warning", _WARNING_FORM, "cellId", ("cellId", "platformDatetime"))
