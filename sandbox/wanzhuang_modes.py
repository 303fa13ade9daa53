"""How a device of the pile cloud charges money, document 001, getMode: one shape per charge mode.

The document prints modes 0 and 7; of modes 1, 2, 8 and 9 it has pictures only, so their fields
are plausible ones in the same style: money in fen and time in seconds as text, power in W.
"""

from collections.abc import Mapping

_COMMON: Mapping[str, object] = {"maxPower": 600, "startFee": 100, "whetherRefund": 0}
_STEPS = ("100", "200", "300")

MODES: Mapping[int, Mapping[str, object]] = {
    0: {
        "chargeType": "custom",
        "chargeValue": ["14400", "14400"],
        "maxPower": 600,
        "maxPayFee": 200,
        "startFee": 100,
        "whetherRefund": 0,
    },
    1: {"workCharge": 120, "paymentValue": [*_STEPS], "maxPayFee": 3000, **_COMMON},
    2: {
        "chargeType": "fixed",
        "powerSection": [{"power": power, "chargeValue": "14400"} for power in (150, 300, 600)],
        "maxPayFee": 200,
        **_COMMON,
    },
    7: {
        "chargeType": "custom",
        "paymentValue": ["100"] * 3,
        "timeValue": ["14400"] * 3,
        **_COMMON,
        "payAndTime": [{"paymentValue": "100", "timeValue": "14400"}] * 3,
    },
    8: {"workCharge": 120, "serviceCharge": 30, "paymentValue": [*_STEPS], **_COMMON},
    9: {
        "chargeType": "custom",
        "paymentValue": [*_STEPS],
        "powerSection": [{"power": power, "timeValue": "14400"} for power in (150, 300, 600)],
        **_COMMON,
    },
}

DEVICE_TYPE = 5


def shown(charge_mode: int) -> dict[str, object]:
    """The `data` of getMode; mode 7 tells mode and type inside userSetting, too, as printed."""
    user_setting: dict[str, object] = {
        "autoOffWaitTime": 60,
        "autoOffLowerPower": 5,
        "floatingChargeTime": 60,
        "floatingChargePower": 30,
        "isFreeCharge": 0,
        "detectTime": 0,
        "isOutage": 0,
    }
    types = {"chargeMode": charge_mode, "deviceType": DEVICE_TYPE}
    return {
        "mode": dict(MODES[charge_mode]),
        "notDisturb": {
            "isNotDisturb": 0,
            "notDisturbStart": "22:00",
            "notDisturbEnd": "07:00",
            "notDisturbVolume": 4,
        },
        "userSetting": user_setting | (types if charge_mode == 7 else {}),
        **types,
    }
