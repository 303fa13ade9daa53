"""How a device charges money (获取收费模式信息): fen become yuan, times are seconds, power watts.

The page prints the modes 0 and 7. Of the others it has pictures: what they share with those two is
typed, and the price per kWh (保存收费模式); the rest is kept as it came.
"""

from collections.abc import Mapping

from pydantic import Field, ValidationError

from worker.vendors.wanzhuang.units import (
    Flag,
    Number,
    Shown,
    Whole,
    YuanOfFen,
    YuanOfHao,
)


class Mode(Shown):
    """What every mode may say."""

    charge_type: str | None = Field(
        None, validation_alias="chargeType", description="fixed or custom"
    )
    max_power_w: Number | None = Field(None, validation_alias="maxPower")
    max_pay_yuan: YuanOfFen | None = Field(None, validation_alias="maxPayFee")
    start_fee_yuan: YuanOfFen | None = Field(None, validation_alias="startFee")
    refunds: Flag | None = Field(None, validation_alias="whetherRefund")
    pays_yuan: tuple[YuanOfFen, ...] = Field(
        (), validation_alias="paymentValue", description="by step"
    )


class TimeMode(Mode):
    """Mode 0, 时间模式."""

    times_s: tuple[Whole, ...] = Field(validation_alias="chargeValue", description="by step")


class Step(Shown):
    """So long for so much."""

    pay_yuan: YuanOfFen = Field(validation_alias="paymentValue")
    time_s: Whole = Field(validation_alias="timeValue")


class TimeMode2(Mode):
    """Mode 7, 时间模式2."""

    pays_yuan: tuple[YuanOfFen, ...] = Field(validation_alias="paymentValue", description="by step")
    times_s: tuple[Whole, ...] = Field(validation_alias="timeValue", description="by step")
    steps: tuple[Step, ...] = Field(
        (), validation_alias="payAndTime", description="the same, for display"
    )


class EnergyMode(Mode):
    """Modes 1 and 8, 电量模式 and 电量模式2."""

    yuan_per_kwh: YuanOfFen | None = Field(None, validation_alias="workCharge")
    exact_yuan_per_kwh: YuanOfHao | None = Field(
        None, validation_alias="workChargeFourdigit", description="given in 毫, 10000 to the yuan"
    )


class PowerMode(Mode):
    """Modes 2 and 9, 功率模式 and 功率模式2."""


MODES: Mapping[int, type[Mode]] = {
    0: TimeMode,
    1: EnergyMode,
    2: PowerMode,
    7: TimeMode2,
    8: EnergyMode,
    9: PowerMode,
}


class NotDisturb(Shown):
    """When the device is quiet; times are HH:MM at the device."""

    on: Flag | None = Field(None, validation_alias="isNotDisturb")
    start: str | None = Field(None, validation_alias="notDisturbStart")
    end: str | None = Field(None, validation_alias="notDisturbEnd")
    volume: Whole | None = Field(
        None, validation_alias="notDisturbVolume", description="0 silent, to 7"
    )


class UserSetting(Shown):
    """How a charge ends, and what is checked before it."""

    auto_off_wait_s: Whole | None = Field(None, validation_alias="autoOffWaitTime")
    auto_off_below_w: Number | None = Field(None, validation_alias="autoOffLowerPower")
    floating_charge_min: Whole | None = Field(None, validation_alias="floatingChargeTime")
    floating_charge_w: Number | None = Field(None, validation_alias="floatingChargePower")
    free_of_charge: Flag | None = Field(None, validation_alias="isFreeCharge")
    detect_s: Whole | None = Field(None, validation_alias="detectTime")
    never_cut_off: Flag | None = Field(None, validation_alias="isOutage")


class Charging(Shown):
    """What a device is set to.

    Attributes:
        mode: one of MODES; as it came where its number or its shape is not known.
    """

    charge_mode: Whole | None = Field(None, validation_alias="chargeMode")
    device_type: Whole | None = Field(None, validation_alias="deviceType")
    mode: object = None
    not_disturb: NotDisturb | None = Field(None, validation_alias="notDisturb")
    user_setting: UserSetting | None = Field(None, validation_alias="userSetting")


def read(content: object) -> object:
    """The `data` of getMode; as it came where it has another shape.

    Mode 7 is printed with chargeMode and deviceType inside userSetting, mode 0 beside it.
    """
    if not isinstance(content, Mapping):
        return content
    inside = content.get("userSetting")
    inside = inside if isinstance(inside, Mapping) else {}
    types = {name: inside[name] for name in ("chargeMode", "deviceType") if name in inside}
    try:
        shown = Charging.model_validate({**types, **content, "mode": None})
    except ValidationError:
        return content
    return shown.model_copy(update={"mode": _mode(shown.charge_mode, content.get("mode"))})


def _mode(number: int | None, content: object) -> object:
    model = MODES.get(-1 if number is None else number)
    try:
        return content if model is None else model.model_validate(content)
    except ValidationError:
        return content
