"""The document's calls as a person or a program can make them, arguments in its own units.

The document prints 获取收费模式信息 in full and names the others; their pages are in its public
original.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal

import requests
from pydantic import Field

from worker import coded
from worker.exchange import Answer
from worker.fields import Id
from worker.operation import Arguments, Operation, Reply
from worker.outcomes import Accepted
from worker.vendors.wanzhuang import answers, modes, ports

MODE_PATH = "/open/device/getMode"
STATE_PATH = "/open/device/state"
STATES_PATH = "/open/device/state/list"
PORT_ERROR_PATH = "/open/device/state/port/error"
START_PATH = "/open/charge/start"
STOP_PATH = "/open/charge/stop"
LOG_PATH = "/open/callback/log"
RETRY_PATH = "/open/callback/retry/finish_order"

PAGE = "the document's name for it; path, method and fields from its public original"
SHAPE = "the shape of the answer, which that page leaves out; what is not understood stays raw"
FIELDS = (
    "state, charge_mode, pay_amount, pay_used, time_total, time_used, charge_id, eq_used, "
    "rate_power, current_power, start_time, rev_time; none: all"
)


class Device(Arguments):
    """Which device."""

    device_num: Id = Field(description="设备编号")


class DeviceFields(Device):
    """Which device, and what of its ports."""

    port_fields: tuple[str, ...] = Field((), description=FIELDS)


class Devices(Arguments):
    """Which devices, and what of their ports."""

    device_nums: tuple[Id, ...] = Field(min_length=1, description="设备编号")
    port_fields: tuple[str, ...] = Field((), description=FIELDS)


class PortError(Device):
    """Which port, and whether it is at fault."""

    device_port: Id = Field(description="端口号")
    is_error: bool = Field(description="true: 故障")


class Stop(Device):
    """Which charge to end."""

    device_port: int = Field(ge=0, description="端口")
    charge_id: int = Field(ge=0, description="充电 id")


class Start(Stop):
    """Which charge to begin; the same charge_id again goes on with it."""

    charge_mode: Literal[0, 1, 2, 7, 8, 9, 11] = Field(
        description="0 time, 1 energy, 2 power, 7 8 9 their second forms, 11 energy of car piles"
    )
    total_fee: int = Field(ge=0, description="充电金额, fen")


class Charge(Arguments):
    """Which charge."""

    charge_id: Id = Field(description="充电 id")


def _query(path: str) -> Callable[[Any, Arguments], requests.Request]:
    """A GET of the arguments; a list is repeated under its name with brackets."""

    def request(system: Any, given: Arguments) -> requests.Request:  # noqa: ANN401 any system
        asked = {
            f"{name}[]" if path == STATES_PATH else name: _listed(value, path)
            for name, value in given.model_dump().items()
            if value != ()
        }
        return requests.Request("GET", system.settings.url + path, params=asked)

    return request


def _listed(value: object, path: str) -> object:
    return ",".join(value) if isinstance(value, tuple) and path != STATES_PATH else value


def _body(path: str) -> Callable[[Any, Arguments], requests.Request]:
    def request(system: Any, given: Arguments) -> requests.Request:  # noqa: ANN401 any system
        told = {
            name: str(int(value)) if isinstance(value, bool) else value
            for name, value in given.model_dump().items()
        }
        return requests.Request("POST", system.settings.url + path, json=told)

    return request


def _read(shown: Callable[[object], object]) -> Callable[[Any, Answer], Reply]:
    def read(_: Any, answer: Answer) -> Reply:  # noqa: ANN401 any system
        said = answers.meaning(answer)
        content = coded.fields(answer).get("data") if isinstance(said, Accepted) else None
        return Reply(said, shown(content))

    return read


def _ports(content: object) -> object:
    return ports.read(content, device_num="") or content


def _as_it_is(content: object) -> object:
    return content or None


OPERATIONS: Mapping[str, Operation] = {
    "get-mode": Operation(
        section="设备基础信息相关 / 获取收费模式信息",
        method="GET",
        path=MODE_PATH,
        arguments=Device,
        request=_query(MODE_PATH),
        read=_read(modes.read),
        known="the document, in full for the modes 0 and 7",
    ),
    "device-state": Operation(
        section="设备状态 / 获取设备状态",
        method="GET",
        path=STATE_PATH,
        arguments=DeviceFields,
        request=_query(STATE_PATH),
        read=_read(_ports),
        known=PAGE,
        assumed=f"{SHAPE}; several port_fields are joined by commas",
    ),
    "device-state-list": Operation(
        section="设备状态 / 批量获取设备状态",
        method="GET",
        path=STATES_PATH,
        arguments=Devices,
        request=_query(STATES_PATH),
        read=_read(_ports),
        known=f"{PAGE}, where it is marked 开发中",
        assumed=f"{SHAPE}; a name that is repeated counts each time in the sign",
    ),
    "set-port-error": Operation(
        section="设备状态 / 设置端口故障",
        method="POST",
        path=PORT_ERROR_PATH,
        arguments=PortError,
        request=_body(PORT_ERROR_PATH),
        read=_read(_as_it_is),
        known=PAGE,
    ),
    "start-charge": Operation(
        section="充电 / 开始充电",
        method="POST",
        path=START_PATH,
        arguments=Start,
        request=_body(START_PATH),
        read=_read(_as_it_is),
        known=PAGE,
        repeatable=False,
    ),
    "stop-charge": Operation(
        section="充电 / 结束充电",
        method="POST",
        path=STOP_PATH,
        arguments=Stop,
        request=_body(STOP_PATH),
        read=_read(_as_it_is),
        known=PAGE,
    ),
    "callback-log": Operation(
        section="回调 / 获取回调日志",
        method="GET",
        path=LOG_PATH,
        arguments=Charge,
        request=_query(LOG_PATH),
        read=_read(_as_it_is),
        known=PAGE,
    ),
    "retry-finish-callback": Operation(
        section="回调 / 重新发起结束订单上报回调",
        method="POST",
        path=RETRY_PATH,
        arguments=Charge,
        request=_body(RETRY_PATH),
        read=_read(_as_it_is),
        known=PAGE,
    ),
}
