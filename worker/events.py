"""The three things that can happen at a charger, as producers put them on the queue.

JSON in camelCase; unknown fields are kept and passed on. Ids accept numbers, amounts accept
strings, times are `yyyy-MM-dd HH:mm:ss` (then Asia/Shanghai) or RFC 3339 with an offset.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from enum import IntEnum, StrEnum
from functools import cached_property
from typing import Annotated, ClassVar, Literal, Self

from pydantic import (
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from pydantic.alias_generators import to_camel

from worker.fields import Amount, Flag, Id, Moment, Text, whole
from worker.wire import NotAnEvent

# Of the trace that it was published in, by W3C: kept as any unknown field, and no part of what it
# says.
TRACE_CONTEXT = ("traceparent", "tracestate")
RISK_LEVELS = {"高": "high", "中": "medium", "低": "low"}


class Kind(StrEnum):
    """The kinds of event; the value names the queue."""

    CONNECTOR_STATUS = "connector-status"
    CHARGE_RECORD = "charge-record"
    SAFETY_WARNING = "safety-warning"


class ConnectorState(IntEnum):
    """`status` of a connector, as T/CEC 102 and document 000 count."""

    OFFLINE = 0
    IDLE = 1
    OCCUPIED = 2
    CHARGING = 3
    RESERVED = 4
    FINISHED = 5
    FAULT = 255


def _risk(value: object) -> object:
    if isinstance(value, str):
        text = value.strip().removesuffix("风险")
        return RISK_LEVELS.get(text, text.lower())
    return value


RiskLevel = Annotated[Literal["high", "medium", "low"], BeforeValidator(_risk)]
State = Annotated[ConnectorState, BeforeValidator(whole)]


class Event(BaseModel):
    """What happened at a charger. Subclasses are the three kinds."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        extra="allow",
        frozen=True,
        str_strip_whitespace=True,
    )
    kind: ClassVar[Kind]

    operator_id: Id | None = Field(None, description="Who runs the charger.")
    station_id: Id | None = Field(None, description="The station; vendors may take some alone.")

    @model_validator(mode="before")
    @classmethod
    def _empty_is_absent(cls, given: object) -> object:
        if not isinstance(given, Mapping):
            raise ValueError("expected a JSON object")  # noqa: TRY004 pydantic reads it
        return {k: v for k, v in given.items() if v is not None and v != ""}

    @cached_property
    def identity(self) -> str:
        """What makes two events the same one, unique per kind."""
        raise NotImplementedError

    @cached_property
    def subject(self) -> str:
        """Whom or what the event is about; what a person searches for."""
        raise NotImplementedError

    @property
    def occurred_at(self) -> datetime:
        """When it happened, aware UTC."""
        raise NotImplementedError

    def content_hash(self) -> str:
        """SHA-256 of the normalised content: "12.3" equals 12.30, one instant equals itself."""
        known = {name: getattr(self, name) for name in type(self).model_fields}
        content = {name: value for name, value in known.items() if value is not None}
        unknown = {n: v for n, v in (self.model_extra or {}).items() if n not in TRACE_CONTEXT}
        everything = [content, _by_value(unknown)]
        text = json.dumps(everything, default=_canonical, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


class ConnectorStatus(Event):
    """A connector changed its status, or said again what it is."""

    kind: ClassVar[Kind] = Kind.CONNECTOR_STATUS

    operator_id: Id = Field(description="Who runs the connector; its ids are unique within it.")
    connector_id: Id = Field(description="The connector.")
    status: State = Field(description="What the connector is now.")
    update_time: Moment = Field(description="The time at the hardware.")
    equipment_id: Id | None = Field(None, description="The charger that the connector is part of.")
    lock_status: Flag | None = Field(None, description="0 unknown, 10 unlocked, 50 locked.")
    park_status: Flag | None = Field(None, description="0 unknown, 10 free, 50 occupied.")
    door_status: Flag | None = Field(None, description="0 unknown, 10 closed, 50 open.")
    error_code: Flag | None = Field(None, description="1000 is no fault; else as in document 000.")
    voltage: Amount | None = Field(None, description="Unit: V.")
    current: Amount | None = Field(None, description="Unit: A.")
    power: Amount | None = Field(None, description="Unit: kW.")
    quantity: Amount | None = Field(None, description="Energy of this charge until now; unit: kWh.")
    residual_current: Amount | None = Field(None, description="Unit: mA.")
    env_temperature: Amount | None = Field(None, description="Around it; unit: °C.")
    cir_temperature: Amount | None = Field(None, description="Of its circuit; unit: °C.")
    order_no: Id | None = Field(None, description="The order of the charge under way.")
    pre_num: Id | None = Field(None, description="The reservation that it is held for.")

    @cached_property
    def identity(self) -> str:
        """Operator, connector, time and status."""
        return f"{self.subject}/{self.update_time:%Y-%m-%dT%H:%M:%S.%fZ}/{int(self.status)}"

    @cached_property
    def subject(self) -> str:
        """The connector, unique over operators."""
        return f"{_part(self.operator_id)}/{_part(self.connector_id)}"

    @property
    def occurred_at(self) -> datetime:
        """The time at the hardware."""
        return self.update_time


class ChargeRecord(Event):
    """A charge was completed."""

    kind: ClassVar[Kind] = Kind.CHARGE_RECORD

    order_no: Id = Field(description="The order; a vendor is told of it once.")
    start_time: Moment = Field(description="When the charge began.")
    end_time: Moment = Field(description="When the charge ended.")
    station_id: Id = Field(description="The station.")
    connector_id: Id | None = Field(None, description="The connector.")
    device_id: Id | None = Field(None, description="The device, where connectors have no id.")
    plate_no: Text | None = Field(None, description="The car's number plate.")
    station_name: Text | None = Field(None, description="The station's name.")
    device_name: Text | None = Field(None, description="The device's name.")
    space_no: Text | None = Field(None, description="The parking space.")
    power: Amount | None = Field(None, description="Energy charged; unit: kWh.")
    elec_money: Amount | None = Field(None, description="For the energy; unit: yuan.")
    service_money: Amount | None = Field(
        None,
        description="For the service; unit: yuan.",
        validation_alias=AliasChoices("serviceMoney", "seviceMoney"),
    )
    total_money: Amount | None = Field(None, description="For all of it; unit: yuan.")
    start_type: Text | None = Field(None, description="How it was started; a number where known.")
    stop_reason: Text | None = Field(None, description="Why it ended; 0 to 24 as in document 000.")
    average_power: Amount | None = Field(None, description="Unit: kW.")
    start_charge_seq: Id | None = Field(None, description="Its number at vendors; else it is made.")
    pre_num: Id | None = Field(None, description="The reservation that the charge was for.")

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        if self.connector_id is None and self.device_id is None:
            raise ValueError("connectorId or deviceId is required")
        return self

    @cached_property
    def identity(self) -> str:
        """The orderNo."""
        return self.order_no

    @cached_property
    def subject(self) -> str:
        """The orderNo."""
        return self.order_no

    @property
    def occurred_at(self) -> datetime:
        """The end of the charge."""
        return self.end_time


class SafetyWarning(Event):
    """A risk was seen, or is over."""

    kind: ClassVar[Kind] = Kind.SAFETY_WARNING

    warning_id: Id = Field(description="The warning; its all-clear has the same.")
    risk_level: RiskLevel = Field(description="How bad it is.")
    seen_at: Moment = Field(validation_alias="occurredAt", description="When the risk was seen.")
    equipment_id: Id | None = Field(None, description="The charger.")
    connector_id: Id | None = Field(None, description="The connector.")
    risk_reason: Text | None = Field(None, description="What the risk is.")
    cleared: bool = Field(False, description="Whether it is over: an event of its own.")
    vendor: Text | None = Field(None, description="The vendor that raised it.")

    @cached_property
    def identity(self) -> str:
        """The warningId; its all-clear is an event of its own."""
        return f"{_part(self.warning_id)}/cleared" if self.cleared else _part(self.warning_id)

    @cached_property
    def subject(self) -> str:
        """The warningId."""
        return self.warning_id

    @property
    def occurred_at(self) -> datetime:
        """When the risk was seen."""
        return self.seen_at


MODELS: Mapping[Kind, type[Event]] = {
    model.kind: model for model in (ConnectorStatus, ChargeRecord, SafetyWarning)
}


def parse(kind: Kind, given: object) -> Event:
    """Read one JSON object as an event of that kind.

    Raises:
        NotAnEvent: one sentence naming every field at fault.
    """
    try:
        return MODELS[kind].model_validate(given)
    except ValidationError as error:
        faults = [
            f"{'.'.join(str(p) for p in e['loc'])}: {_plain(e['msg'])}"
            if e["loc"]
            else _plain(e["msg"])
            for e in error.errors(include_url=False, include_input=False, include_context=False)
        ]
        raise NotAnEvent("; ".join(faults)) from None


def _plain(message: str) -> str:
    return message.removeprefix("Value error, ")


def _part(identifier: str) -> str:
    """An id as one part of a path: two ids can never read as another pair."""
    return identifier.replace("%", "%25").replace("/", "%2F")


def _by_value(given: object) -> object:
    """Unknown fields with each number in one spelling: 12, 12.0 and 1.2e1 are one."""
    match given:
        case bool() | str() | None:
            return given
        case int() | Decimal():
            return _digits(Decimal(given))
        case Mapping():
            return {name: _by_value(value) for name, value in given.items()}
        case list():
            return [_by_value(value) for value in given]
        case _:
            return str(given)


def _canonical(value: object) -> str:
    match value:
        case Decimal():
            return _digits(value)
        case datetime():
            return value.astimezone(UTC).isoformat()
        case _:
            return str(value)


def _digits(number: Decimal) -> str:
    """The value without trailing zeros; no arithmetic, which a huge exponent would overflow."""
    sign, digits, exponent = number.as_tuple()
    text = "".join(map(str, digits)).lstrip("0")
    kept = text.rstrip("0")
    if not kept or not isinstance(exponent, int):
        return "0" if not kept else str(number)
    return f"{'-' * sign}{kept}e{exponent + len(text) - len(kept)}"
