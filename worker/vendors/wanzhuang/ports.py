"""What a device's ports are doing (获取设备状态, 批量获取设备状态), and what that is in our words.

No page that could be had prints an answer in full. A device is taken to have `ports`, a list or by
number; several devices to be a list, or by device_num. What has another shape has no ports for us.
"""

import contextlib
from collections.abc import Iterator, Mapping

from pydantic import Field, ValidationError, computed_field

from worker.events import ConnectorState
from worker.vendors.wanzhuang.units import Flag, Shown, Text, Whole, YuanOfFen

NUMBERS = ("port", "device_port")

IDLE, OCCUPIED, CHARGING = ConnectorState.IDLE, ConnectorState.OCCUPIED, ConnectorState.CHARGING
RESERVED, FINISHED, FAULT = ConnectorState.RESERVED, ConnectorState.FINISHED, ConnectorState.FAULT

# 续充 in the page's table: the charge goes on by itself or at the same charge_id. Such a port is
# occupied and not charging; it is a fault only where a person has to look.
STATES: Mapping[int, tuple[ConnectorState, str]] = {
    0: (IDLE, "端口空闲: nothing plugged in"),
    1: (OCCUPIED, "端口连接: plugged in, not yet charging"),
    2: (CHARGING, "充电中"),
    3: (OCCUPIED, "暂停: paused, goes on"),
    4: (OCCUPIED, "断开连接: the page says to pull the plug, so it is still in"),
    5: (FINISHED, "充电结束: ended, the plug is still in"),
    6: (FAULT, "故障"),
    7: (OCCUPIED, "测试状态: in a test's hands, nothing is broken"),
    8: (OCCUPIED, "高温暂停: too hot, goes on once it has cooled"),
    9: (OCCUPIED, "低温暂停: too cold, goes on once it is warmer"),
    10: (OCCUPIED, "超整机功率暂停: waits for power that others use"),
    11: (OCCUPIED, "过压暂停: waits for the mains"),
    12: (OCCUPIED, "低压暂停: waits for the mains"),
    13: (OCCUPIED, "按键支付暂停: waits for a payment at its buttons"),
    14: (FAULT, "烟感报警暂停: smoke; nobody may use it before a person has looked"),
    15: (IDLE, "自检: tests itself; the page says to plug in, so nothing is"),
    16: (OCCUPIED, "就绪: plugged in and ready"),
    17: (FAULT, "急停: emergency stop, which a person has to release"),
    18: (FAULT, "漏电自检失败"),
    19: (FINISHED, "充电完成 等待断开连接"),
    20: (FAULT, "cp故障"),
    21: (FAULT, "接地故障"),
    22: (FAULT, "输出故障"),
    23: (RESERVED, "预约等待启动: waits for its appointed time"),
    24: (FAULT, "保险丝熔断"),
    25: (FAULT, "继电器粘连"),
}


class Port(Shown):
    """A port as an answer shows it; energy and power are kept as they came, without a unit."""

    device_num: Text
    port: Text
    state: Whole
    online: Flag = True
    charge_id: Text | None = None
    pay_amount_yuan: YuanOfFen | None = Field(None, validation_alias="pay_amount")
    pay_used_yuan: YuanOfFen | None = Field(None, validation_alias="pay_used")
    time_total_s: Whole | None = Field(None, validation_alias="time_total")
    time_used_s: Whole | None = Field(None, validation_alias="time_used")

    @computed_field  # type: ignore[prop-decorator]
    @property
    def meaning(self) -> str:
        """What the state says, for a person."""
        return STATES[self.state][1] if self.state in STATES else "not in the document"

    def status(self) -> ConnectorState | None:
        """What we call it; None for a state that the page does not list."""
        if not self.online:
            return ConnectorState.OFFLINE
        known = STATES.get(self.state)
        return None if known is None else known[0]


def read(content: object, device_num: str | None = None) -> list[Port]:
    """The ports in the `data` of an answer; what is no port is left out.

    Args:
        content: as it came.
        device_num: of the one device that was asked for, where the answer does not repeat it.
    """
    found = []
    for number, device in _devices(content, device_num):
        whose = {"device_num": number, "online": device.get("online", True)}
        for port, shown in _ports(device["ports"]):
            with contextlib.suppress(ValidationError):
                found.append(Port.model_validate({**shown, **whose, "port": port}))
    return found


def _devices(content: object, device_num: object) -> Iterator[tuple[object, Mapping[str, object]]]:
    if isinstance(content, Mapping) and "ports" in content:
        yield content.get("device_num", device_num), content
    elif isinstance(content, Mapping):
        for number, device in content.items():
            if isinstance(device, Mapping) and "ports" in device:
                yield number, device
    elif isinstance(content, list):
        for device in content:
            if isinstance(device, Mapping) and "ports" in device:
                yield device.get("device_num"), device


def _ports(content: object) -> Iterator[tuple[object, Mapping[str, object]]]:
    numbered = content.items() if isinstance(content, Mapping) else enumerate(_list(content), 1)
    for number, shown in numbered:
        port = shown if isinstance(shown, Mapping) else {"state": shown}
        yield next((port[name] for name in NUMBERS if name in port), number), port


def _list(content: object) -> list[object]:
    return content if isinstance(content, list) else []
