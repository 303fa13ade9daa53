"""What the maker's cloud gives with each callback, in the document's names and units.

What a page prints is required. Of 结束订单上报回调 the fields are known up to charge_id; the others
are taken to be named as a port's (获取设备状态), and what cannot be read of them refuses nothing.
"""

import json
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, Field

from worker.callback import Told
from worker.fields import Text
from worker.vendors.wanzhuang.times import Time
from worker.vendors.wanzhuang.units import Whole


def as_sent(value: object) -> str | None:
    """One text for 12 in a form and 12 in the JSON of the callback log."""
    if value is None or isinstance(value, str):
        return value
    return str(value) if isinstance(value, Decimal) else json.dumps(value, default=str)


PRINTABLE = r"^[^\x00-\x1f\x7f]+$"
DeviceNum = Annotated[Text, Field(min_length=1, max_length=64, pattern=PRINTABLE)]
DevicePort = Annotated[Text, Field(pattern=r"^[0-9]{1,9}$")]
Name = Annotated[Text, Field(min_length=1, max_length=64, pattern=PRINTABLE)]
AsSent = Annotated[str | None, BeforeValidator(as_sent)]


class StartPower(Told):
    """开始充电回调."""

    state: Whole = Field(description="0 in the page's example; it lists others without a word")
    device_num: DeviceNum = Field(description="设备编号")
    device_port: DevicePort = Field(description="设备端口")
    charge_id: Name = Field(description="充电 id")


class FinishOrder(Told):
    """结束订单上报回调."""

    device_num: DeviceNum = Field(description="设备编号")
    device_port: DevicePort = Field(description="设备端口")
    charge_id: Name = Field(description="充电 id")
    end_reason: AsSent = Field(None, description="结束原因, 0 to 50")
    pay_used: AsSent = Field(None, description="used of what was paid, fen")
    time_used: AsSent = Field(None, description="charged for, s")
    eq_used: AsSent = Field(None, description="energy, in a unit that no page tells")
    start_time: AsSent = Field(None, description="unix s or ms, or yyyy-MM-dd HH:mm:ss")
    begin_time: AsSent = Field(None, description="the same by another name")
    end_time: AsSent = Field(None, description="unix s or ms, or yyyy-MM-dd HH:mm:ss")
    finish_time: AsSent = Field(None, description="the same by another name")
    stop_time: AsSent = Field(None, description="the same by another name")
    rev_time: AsSent = Field(None, description="when the cloud received it")


class CardPay(Told):
    """在线卡刷卡请求回调."""

    device_num: DeviceNum = Field(description="设备编号")
    device_port: DevicePort = Field(description="设备端口")
    icc_id: Name = Field(description="IC卡号")
    pay_amount: Whole = Field(description="请求支付金额, fen")


class OfflineIncome(Told):
    """离线收益回调; totals, which go down after a repair or by 设置离线收益."""

    device_num: DeviceNum = Field(description="设备编号")
    coin: Whole = Field(description="总投币数, fen")
    card: Whole = Field(description="总刷卡数, fen")
    time: Time = Field(description="设备上报时间戳, unix s or ms")
