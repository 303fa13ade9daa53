import json
from decimal import Decimal
from typing import Any

import pytest
from pydantic_core import to_jsonable_python

from tests.worker.vendors.cloud import answer, replied, success
from worker.outcomes import Accepted, Refused
from worker.vendors.wanzhuang.modes import (
    MODES,
    Charging,
    EnergyMode,
    PowerMode,
    TimeMode,
    TimeMode2,
)

# Both are the document's own, comments left out.
MODE_0: dict[str, Any] = {
    "mode": {
        "chargeType": "custom",
        "chargeValue": ["14400", "14400"],
        "maxPower": 600,
        "maxPayFee": 200,
        "startFee": 100,
        "whetherRefund": 0,
    },
    "notDisturb": {
        "isNotDisturb": 0,
        "notDisturbStart": "22:00",
        "notDisturbEnd": "07:00",
        "notDisturbVolume": 0,
    },
    "userSetting": {
        "autoOffWaitTime": 60,
        "autoOffLowerPower": 5,
        "floatingChargeTime": 60,
        "floatingChargePower": 30,
        "isFreeCharge": 0,
        "detectTime": 0,
        "isOutage": 0,
    },
    "chargeMode": 0,
    "deviceType": 0,
}
MODE_7: dict[str, Any] = {
    "mode": {
        "chargeType": "custom",
        "paymentValue": ["100", "100", "100"],
        "timeValue": ["14400", "14400", "14400"],
        "maxPower": 600,
        "startFee": 100,
        "whetherRefund": 0,
        "payAndTime": [{"paymentValue": "100", "timeValue": "14400"}] * 3,
    },
    "notDisturb": {
        "isNotDisturb": 0,
        "notDisturbStart": "22:00",
        "notDisturbEnd": "07:00",
        "notDisturbVolume": 4,
    },
    "userSetting": {
        "autoOffWaitTime": 60,
        "autoOffLowerPower": 10,
        "floatingChargeTime": 60,
        "floatingChargePower": 0,
        "isFreeCharge": 0,
        "detectTime": 0,
        "isOutage": 0,
        "chargeMode": 7,
        "deviceType": 5,
    },
}


def shown(data: object) -> Any:  # noqa: ANN401 whatever the answer shows
    reply = replied("get-mode", success(data))
    assert isinstance(reply.outcome, Accepted)
    return reply.data


def mode(number: object, **content: object) -> Any:  # noqa: ANN401 likewise
    return shown({"chargeMode": number, "mode": content}).mode


def test_the_documents_time_mode() -> None:
    charging = shown(MODE_0)
    assert (charging.charge_mode, charging.device_type) == (0, 0)
    assert isinstance(charging.mode, TimeMode)
    assert charging.mode.times_s == (14400, 14400)
    assert charging.mode.max_power_w == 600
    assert str(charging.mode.max_pay_yuan) == "2.00"
    assert str(charging.mode.start_fee_yuan) == "1.00"
    assert charging.mode.refunds is False
    assert (charging.not_disturb.on, charging.not_disturb.end) == (False, "07:00")
    assert charging.user_setting.auto_off_wait_s == 60
    assert charging.user_setting.auto_off_below_w == 5
    assert charging.user_setting.floating_charge_min == 60


def test_the_documents_time_mode_2_whose_number_stands_inside_user_setting() -> None:
    charging = shown(MODE_7)
    assert (charging.charge_mode, charging.device_type) == (7, 5)
    assert isinstance(charging.mode, TimeMode2)
    assert [str(pay) for pay in charging.mode.pays_yuan] == ["1.00"] * 3
    assert charging.mode.times_s == (14400,) * 3
    assert [(str(s.pay_yuan), s.time_s) for s in charging.mode.steps] == [("1.00", 14400)] * 3


@pytest.mark.parametrize(
    ("fen", "yuan"),
    [("1", "0.01"), (1, "0.01"), ("0", "0.00"), (1000, "10.00"), ("99.5", "0.995"), (-7, "-0.07")],
)
def test_fen_become_yuan_exactly(fen: object, yuan: str) -> None:
    assert str(mode(0, chargeValue=[], startFee=fen).start_fee_yuan) == yuan
    assert str(mode(7, paymentValue=[fen], timeValue=[]).pays_yuan[0]) == yuan


@pytest.mark.parametrize("seconds", ["60", 60, 60.0, " 60 "])
def test_seconds_are_whole(seconds: object) -> None:
    assert mode(0, chargeValue=[seconds]).times_s == (60,)


def test_no_number_is_ever_a_float() -> None:
    found = mode(0, chargeValue=[1], maxPower=600.1, startFee=0.1, other=0.1)
    assert (str(found.max_power_w), str(found.start_fee_yuan)) == ("600.1", "0.001")
    assert found.model_extra == {"other": Decimal("0.1")}


@pytest.mark.parametrize(
    ("number", "model"),
    [
        (0, TimeMode),
        (1, EnergyMode),
        (2, PowerMode),
        (7, TimeMode2),
        (8, EnergyMode),
        (9, PowerMode),
    ],
)
@pytest.mark.parametrize("typed", [int, str])
def test_every_mode_of_the_document_has_its_type(number: int, model: type, typed: type) -> None:
    content = {"chargeValue": ["1"], "paymentValue": ["1"], "timeValue": ["1"]}
    assert type(mode(typed(number), **content)) is model


def test_the_modes_are_those_of_the_document() -> None:
    assert set(MODES) == {0, 1, 2, 7, 8, 9}


def test_a_price_per_kwh_is_in_yuan() -> None:
    assert str(mode(1, workCharge=120).yuan_per_kwh) == "1.20"
    # 保存收费模式: work_charge_fourdigit, 10000 is 1 yuan
    assert str(mode(8, workChargeFourdigit="12345").exact_yuan_per_kwh) == "1.2345"


@pytest.mark.parametrize("number", [3, 11, 99, None])
def test_an_unknown_mode_is_kept_as_it_came(number: object) -> None:
    assert mode(number, chargeValue=["14400"], x=1) == {"chargeValue": ["14400"], "x": 1}


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"chargeValue": None},
        {"chargeValue": ["soon"]},
        {"chargeValue": ["1.5"]},
        {"chargeValue": [True]},
        {"chargeValue": [], "startFee": "NaN"},
        {"chargeValue": [], "startFee": "1e99"},
        {"chargeValue": [], "whetherRefund": 2},
    ],
)
def test_a_known_mode_of_another_shape_is_kept_as_it_came(content: dict[str, object]) -> None:
    assert mode(0, **content) == content


@pytest.mark.parametrize("data", [None, [], "x", 7, {"chargeMode": "x"}, {"userSetting": 3}])
def test_data_of_another_shape_is_kept_as_it_came(data: object) -> None:
    assert shown(data) == data


def test_a_field_that_nobody_typed_is_kept() -> None:
    assert shown(MODE_0 | {"extra": 1}).model_extra == {"extra": 1}


def test_what_is_shown_says_the_units() -> None:
    printed = json.dumps(to_jsonable_python(shown(MODE_7)))
    assert '"start_fee_yuan": "1.00"' in printed
    assert '"time_s": 14400' in printed
    assert "startFee" not in printed


def test_a_refusal_shows_no_mode() -> None:
    reply = replied("get-mode", answer({"code": 0, "message": "设备不存在", "data": {}}))
    assert (reply.outcome, reply.data) == (Refused("设备不存在", "0"), None)


def test_charging_says_nothing_of_what_is_not_there() -> None:
    assert shown({}) == Charging()
