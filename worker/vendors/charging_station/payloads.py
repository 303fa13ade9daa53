"""Events in the platform's words: kWh, yuan, V, A, kW, mA and °C, rounded half up to two decimals.

What the platform requires and an event may lack is filled in here, and nowhere else.
"""

import hashlib
import re
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from worker.events import ChargeRecord, ConnectorState, ConnectorStatus, Event, SafetyWarning
from worker.fields import SHANGHAI

SEQ_CHARS = 27
NORMAL, DEVICE_FAULT = 1000, 1004
DOOR_UNKNOWN = 0
START_TYPE_UNKNOWN = 0
STOPPED_FOR_ANOTHER_REASON = 8
RISKS = {"high": "高风险", "medium": "中风险", "low": "低风险"}


def item(event: Event, operator_id: str) -> dict[str, object]:
    """The body that tells one event; operatorId is the platform's id for us, not the event's."""
    ours: dict[str, object] = {"operatorId": operator_id}
    match event:
        case ConnectorStatus():
            return ours | _status(event)
        case ChargeRecord():
            return ours | {"startChargeSeq": start_charge_seq(event, operator_id)} | _record(event)
        case SafetyWarning():
            return ours | _warning(event)
        case _:
            raise TypeError(f"not told to this system: {type(event).__name__}")


def start_charge_seq(record: ChargeRecord, operator_id: str) -> str:
    """The event's own, or operator id + yyyyMMddHHmmss + digits of the orderNo: 27 in all.

    The document's operator id has 9 characters, which leaves 4 digits. A shorter one gets more
    digits; a longer one keeps 4 and loses the time's first digits, the century before all.
    """
    if record.start_charge_seq is not None:
        return record.start_charge_seq
    time = f"{record.start_time.astimezone(SHANGHAI):%Y%m%d%H%M%S}"
    room = SEQ_CHARS - len(operator_id)
    digits = max(4, room - len(time))
    number = int.from_bytes(hashlib.sha256(record.order_no.encode()).digest(), "big")
    return operator_id + (time + f"{number % 10**digits:0{digits}d}")[-room:]


def cell_id(record: ChargeRecord) -> str:
    """The connector, or the device where a record names no connector."""
    return record.connector_id or record.device_id or ""


def endangered_cell(warning: SafetyWarning) -> str | None:
    """The connector, or the equipment where a warning names no connector."""
    return warning.connector_id or warning.equipment_id


def shanghai(moment: datetime) -> str:
    """A time as the document writes it."""
    return f"{moment.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"


def _status(event: ConnectorStatus) -> dict[str, object]:
    """上报充电口实时信息. A missing measure is 0, a fault without its code 1004 (设备故障)."""
    usual = DEVICE_FAULT if event.status is ConnectorState.FAULT else NORMAL
    told: dict[str, object] = {
        "cellId": event.connector_id,
        "equipmentId": event.equipment_id or event.connector_id,
        "chargingMetaInfoId": None,
        "updateDatetime": shanghai(event.update_time),
        "cellStatus": int(event.status),
        "doorStatus": DOOR_UNKNOWN if event.door_status is None else event.door_status,
        "errorCode": usual if event.error_code is None else event.error_code,
        "current": _number(event.current),
        "voltage": _number(event.voltage),
        "power": _number(event.power),
        "quantity": _number(event.quantity),
        "envTemperature": _number(event.env_temperature),
        "cirTemperature": _number(event.cir_temperature),
    }
    if event.residual_current is not None:
        told["residualCurrent"] = _number(event.residual_current)
    seq = (event.model_extra or {}).get("startChargeSeq")
    return told | ({"startChargeSeq": seq} if isinstance(seq, str) else {})


def _record(event: ChargeRecord) -> dict[str, object]:
    """提交一个充电记录信息. Of a missing fee, what the other one leaves of totalMoney; else 0."""
    elec, service, total = event.elec_money, event.service_money, event.total_money
    if total is not None:
        elec = total - (service or 0) if elec is None else elec
        service = total - elec if service is None else service
    return {
        "cellId": cell_id(event),
        "startDatetime": shanghai(event.start_time),
        "endDatetime": shanghai(event.end_time),
        "totalPower": _number(event.power),
        "totalElecMoney": _number(elec),
        "totalServiceMoney": _number(service),
        "startType": _whole(event.start_type, range(10_000), START_TYPE_UNKNOWN),
        "stopReason": _whole(event.stop_reason, range(25), STOPPED_FOR_ANOTHER_REASON),
        "averagePower": _number(_average_kw(event)),
    }


def _warning(event: SafetyWarning) -> dict[str, object]:
    """安全预警接口举例, with us in the platform's place."""
    return {
        "cellId": endangered_cell(event),
        "riskLevel": RISKS[event.risk_level],
        "riskReason": event.risk_reason or "未说明",
        "platformDatetime": shanghai(event.seen_at),
    }


def _average_kw(event: ChargeRecord) -> Decimal | None:
    """What the record says, or its energy over its time."""
    seconds = int((event.end_time - event.start_time).total_seconds())
    if event.average_power is not None or event.power is None or seconds <= 0:
        return event.average_power
    return event.power * 3600 / seconds


def _number(amount: Decimal | None) -> Decimal:
    return (amount or Decimal(0)).quantize(Decimal("0.01"), ROUND_HALF_UP) + 0  # no -0


def _whole(text: str | None, allowed: range, otherwise: int) -> int:
    number = int(text) if text and re.fullmatch(r"[0-9]{1,4}", text) else otherwise
    return number if number in allowed else otherwise
