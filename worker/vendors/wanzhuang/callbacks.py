"""The four calls of the maker's cloud (回调); it puts their names at the end of our address."""

from collections.abc import Mapping
from datetime import timedelta

from worker.callback import Callback, Content, Heard, Meaning
from worker.events import ConnectorState
from worker.vendors.wanzhuang.admission import CLOCK_S, Cloud, by_content, by_sign
from worker.vendors.wanzhuang.callback_arguments import (
    CardPay,
    FinishOrder,
    OfflineIncome,
    StartPower,
)
from worker.vendors.wanzhuang.finish import finish_order
from worker.vendors.wanzhuang.statuses import status_event

BEGUN = 0
PAGE = "the document's name for it; path and fields from its public original"
ASSUMED = (
    "a sign, where there is one, covers the form as it does our calls; an answer with code 1 is "
    "what the cloud waits for"
)


def start_power(system: Cloud, told: StartPower, heard: Heard) -> Meaning:
    """A connector-status for a charge that began."""
    own, charge_id = system.settings, told.charge_id
    if told.state != BEGUN:
        return Meaning(charge_id, reason=f"state {told.state}, which no page explains: not begun")
    if own.operator_id is None:
        return Meaning(charge_id, reason="kept; an event needs operator_id")
    if heard.before("finish-order", charge_id) is not None:
        return Meaning(charge_id, reason="kept; the end of this charge was told before")
    status = ConnectorState.CHARGING
    port = told.device_num, told.device_port
    event = status_event(own, *port, status, heard.now, orderNo=charge_id)
    return Meaning(charge_id, events=[event])


def card_pay(system: Cloud, told: CardPay, heard: Heard) -> Meaning:
    """Kept: whether the card may pay is for the operator's own system to say."""
    return Meaning(told.icc_id, reason="kept; no event")


def offline_income(system: Cloud, told: OfflineIncome, heard: Heard) -> Meaning:
    """Kept, unless a newer one of the device was; a clock that is fast does not silence it."""
    if told.time > heard.now + timedelta(seconds=CLOCK_S):
        reason = "kept; no event; the device's clock is fast, so the time is ours"
        return Meaning(told.device_num, told_at=heard.now, reason=reason)
    return Meaning(told.device_num, told_at=told.time, reason="kept; no event")


CALLBACKS: Mapping[str, Callback] = {
    "start-power": Callback(
        section="回调 / 开始充电回调",
        method="POST",
        content=Content.FORM,
        arguments=StartPower,
        admit=by_sign,
        take=start_power,
        known=PAGE,
        assumed=f"state 0 is a charge that began, any other one that did not; {ASSUMED}",
        also=("start_power",),
    ),
    "finish-order": Callback(
        section="回调 / 结束订单上报回调",
        method="POST",
        content=Content.FORM,
        arguments=FinishOrder,
        admit=by_content,
        take=finish_order,
        known=f"{PAGE}, of which what follows charge_id could not be had; the end reasons in full",
        assumed="the other fields are named as those of a port, pay_used in fen and time_used in "
        f"seconds; the unit of eq_used is set by energy_kwh_per_unit; {ASSUMED}",
        also=("finish_order",),
        repeatable=True,
    ),
    "card-pay": Callback(
        section="回调 / 在线卡刷卡请求回调",
        method="POST",
        content=Content.FORM,
        arguments=CardPay,
        admit=by_sign,
        take=card_pay,
        known=PAGE,
        assumed=f"our answer says that it came in, and starts no charge; {ASSUMED}",
        also=("icc_pay_req",),
    ),
    "offline-income": Callback(
        section="回调 / 离线收益回调",
        method="POST",
        content=Content.MULTIPART,
        arguments=OfflineIncome,
        admit=by_sign,
        take=offline_income,
        known=f"{PAGE}, where it is marked 开发中",
        assumed=f"time is in seconds or milliseconds; {ASSUMED}",
        also=("offline_profit",),
    ),
}
