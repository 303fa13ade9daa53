"""What the end of a charge means (结束订单上报回调): its record, and what the port does now.

A time that the body lacks is the one at which we heard of it. One in the future is not believed.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from pydantic import TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from worker.callback import Heard, Meaning
from worker.events import ChargeRecord, ConnectorState, Kind
from worker.fields import Amount
from worker.vendors.wanzhuang.admission import CLOCK_S, PROOF, Cloud
from worker.vendors.wanzhuang.callback_arguments import FinishOrder, as_sent
from worker.vendors.wanzhuang.end_reasons import END_REASONS
from worker.vendors.wanzhuang.statuses import Happening, status_event
from worker.vendors.wanzhuang.times import read_time
from worker.vendors.wanzhuang.units import Number, Whole

BEGUN = ("start_time", "begin_time")
ENDED = ("end_time", "finish_time", "stop_time", "rev_time")
LONGEST_S = 366 * 86_400
PLUG_PULLED = 4
OWN_NAMES = frozenset(ChargeRecord.model_fields) | {
    "seviceMoney",
    *map(to_camel, ChargeRecord.model_fields),
}
# rev_time may be another one when the same end is told again, and would be a conflict of records.
NOT_PASSED_ON = OWN_NAMES | PROOF | {"device_num", "device_port", "charge_id", "rev_time"}
NUMBER: TypeAdapter[Decimal] = TypeAdapter(Number)
WHOLE: TypeAdapter[int] = TypeAdapter(Whole)
AMOUNT: TypeAdapter[Decimal] = TypeAdapter(Amount)


def finish_order(system: Cloud, told: FinishOrder, heard: Heard) -> Meaning:
    """A charge-record, and a connector-status where operator_id is set.

    Args:
        system: whose settings name operator, station and connectors.
        told: the callback, or the `req` of the callback log.
        heard: what was heard of this charge before.
    """
    end = _end(told, heard)
    events: list[Happening] = [(Kind.CHARGE_RECORD, _record(system, told, heard, end))]
    if system.settings.operator_id is None:
        reason = "the record is taken; a status of the port needs operator_id"
        return Meaning(told.charge_id, events, reason=reason)
    events.append(_status(system, told, min(end, heard.now)))
    return Meaning(told.charge_id, events)


def _status(system: Cloud, told: FinishOrder, moment: datetime) -> Happening:
    """The plug is still in, unless the charge ended because it was pulled (插头拔掉)."""
    pulled = _end_reason(told) == PLUG_PULLED
    status = ConnectorState.IDLE if pulled else ConnectorState.FINISHED
    port = told.device_num, told.device_port
    return status_event(system.settings, *port, status, moment, orderNo=told.charge_id)


def _record(system: Cloud, told: FinishOrder, heard: Heard, end: datetime) -> Mapping[str, object]:
    own = system.settings
    kwh_per_unit = own.energy_kwh_per_unit
    record = {
        "orderNo": told.charge_id,
        "operatorId": own.operator_id,
        "stationId": own.station_id or told.device_num,
        "connectorId": own.connector(told.device_num, told.device_port),
        "deviceId": told.device_num,
        "startTime": _start(told, heard, end).isoformat(timespec="seconds"),
        "endTime": end.isoformat(timespec="seconds"),
        "power": None if kwh_per_unit is None else _amount(told.eq_used, kwh_per_unit),
        "totalMoney": _amount(told.pay_used, Decimal("0.01")),
        "stopReason": _words(_end_reason(told)),
    }
    return _passed_on(told) | {name: value for name, value in record.items() if value is not None}


def _passed_on(told: FinishOrder) -> dict[str, object]:
    """The fields that the event has no name for, as they were sent."""
    sent = told.model_dump(exclude_none=True)
    return {name: as_sent(value) for name, value in sent.items() if name not in NOT_PASSED_ON}


def _end(told: FinishOrder, heard: Heard) -> datetime:
    latest = heard.now + timedelta(seconds=CLOCK_S)
    found = (moment for moment in _times(told, ENDED) if moment <= latest)
    return next(found, None) or heard.before("finish-order", told.charge_id) or heard.now


def _start(told: FinishOrder, heard: Heard, end: datetime) -> datetime:
    """The best-known time that is not after the end."""
    for moment in (*_times(told, BEGUN), heard.before("start-power", told.charge_id)):
        if moment is not None and moment <= end:
            return moment
    seconds = _number(told.time_used)
    if seconds is not None and 0 <= seconds <= LONGEST_S:
        return end - timedelta(seconds=int(seconds))
    return end


def _times(told: FinishOrder, names: Iterable[str]) -> list[datetime]:
    found = []
    for name in names:
        try:
            found.append(read_time(getattr(told, name)))
        except ValueError:
            continue
    return found


def _number(sent: str | None) -> Decimal | None:
    try:
        return NUMBER.validate_python(sent)
    except ValidationError:
        return None


def _amount(sent: str | None, worth: Decimal) -> str | None:
    """So many times `worth`; None for what is no number or too large for an event."""
    number = _number(sent)
    try:
        return None if number is None else f"{AMOUNT.validate_python(number * worth):f}"
    except ValidationError:
        return None


def _end_reason(told: FinishOrder) -> int | None:
    try:
        return WHOLE.validate_python(told.end_reason)
    except ValidationError:
        return None


def _words(end_reason: int | None) -> str | None:
    """Words: vendors that take a number for it mean another list."""
    return None if end_reason is None else END_REASONS.get(end_reason)
