"""The pile cloud's interface, document 001: charge modes, port states, charges and callbacks.

Code 1 is success, everything else a failure, both with HTTP 200. A path may begin with two
slashes, as in the document's example. A charge that starts or ends is told to the callback URL,
if there is one.
"""

import time
from collections.abc import Callable, Mapping
from typing import ClassVar

from sandbox import wanzhuang_modes
from sandbox.received import Received
from sandbox.system import Answer, Call, Control, ControlError, Operation, System
from sandbox.wanzhuang_callbacks import CloudCallbacks
from sandbox.wanzhuang_devices import CHARGING, FAULT, IDLE, PORT_STATES, Devices
from sandbox.wanzhuang_door import Asked, CloudDoor
from sandbox.wanzhuang_forms import PORT_ERROR, RETRY, START, STOP

MODE_PATH = "/open/device/getMode"
STATE_PATH = "/open/device/state"
STATE_LIST_PATH = "/open/device/state/list"
PORT_ERROR_PATH = "/open/device/state/port/error"
START_PATH = "/open/charge/start"
STOP_PATH = "/open/charge/stop"
LOG_PATH = "/open/callback/log"
RETRY_PATH = "/open/callback/retry/finish_order"

_FAILED = 0
Work = Callable[[Call, Asked], Answer]


class Wanzhuang(System):
    """A pile maker's cloud, as it looks to one application."""

    settings: ClassVar = {
        "app_id": "app-1",
        "app_secret": "sandbox-secret",
        "sign_scheme": "md5_sorted_key",
        "devices": {"18000001": 2, "18000008": 10},
        "callback_url": "",
        "callbacks_signed": False,
    }

    def __init__(
        self,
        received: Received,
        *,
        app_id: str,
        app_secret: str,
        sign_scheme: str,
        devices: dict[str, object],
        callback_url: str,
        callbacks_signed: bool,
    ) -> None:
        """Play these devices (device_num -> number of ports) for one application."""
        super().__init__(received)
        self._door = CloudDoor(app_id, app_secret, sign_scheme)
        self._callbacks = CloudCallbacks(
            self._door, self.outgoing, callback_url, signed=callbacks_signed
        )
        self._devices = Devices(devices)
        self._devices.restart()

    def operations(self) -> Mapping[tuple[str, str], Operation]:
        """The document's calls that this sandbox plays."""
        works: dict[tuple[str, str], Work] = {
            ("GET", MODE_PATH): self._mode,
            ("GET", STATE_PATH): self._state,
            ("GET", STATE_LIST_PATH): self._states,
            ("POST", PORT_ERROR_PATH): self._port_error,
            ("POST", START_PATH): self._start,
            ("POST", STOP_PATH): self._stop,
            ("GET", LOG_PATH): self._log,
            ("POST", RETRY_PATH): self._retry,
        }
        return {known: self._behind_the_door(work) for known, work in works.items()}

    def answer(self, call: Call) -> Answer:
        """Answer a call; slashes at the beginning of its path count once."""
        call.path = "/" + call.path.lstrip("/")
        return super().answer(call)

    def controls(self) -> Mapping[str, Control]:
        """`ports {"device_num": …, "port": 1, "state": 2}`, `modes {…, "charge_mode": 0}`.

        And those of the callbacks.
        """
        own: dict[str, Control] = {"ports": self._set_port, "modes": self._set_mode}
        return {**own, **self._callbacks.controls()}

    def forget(self) -> None:
        """Let devices and callbacks be as at the start."""
        self._devices.restart()
        self._callbacks.forget()

    def _behind_the_door(self, work: Work) -> Operation:
        def operation(call: Call) -> Answer:
            asked = self._door.admit(call)
            return _failure(asked) if isinstance(asked, str) else work(call, asked)

        return operation

    def _mode(self, call: Call, asked: Asked) -> Answer:
        device = self._devices.by_number.get(str(asked.values.get("device_num", "")))
        if device is None:
            return _failure("设备不存在")
        return _success(wanzhuang_modes.shown(device.charge_mode))

    def _state(self, call: Call, asked: Asked) -> Answer:
        device = self._devices.by_number.get(str(asked.values.get("device_num", "")))
        if device is None:
            return _failure("设备不存在")
        fields = str(asked.values.get("port_fields", ""))
        return _success(device.shown(fields.split(",") if fields else []))

    def _states(self, call: Call, asked: Asked) -> Answer:
        numbers = asked.lists.get("device_nums[]", [])
        if not numbers:
            return _failure("device_nums[]不能为空")
        known = [self._devices.by_number.get(number) for number in numbers]
        fields = asked.lists.get("port_fields[]", [])
        return _success([device.shown(fields) for device in known if device is not None])

    def _port_error(self, call: Call, asked: Asked) -> Answer:
        if complaint := PORT_ERROR.complaint(asked.values):
            return _failure(complaint)
        port = self._devices.port(asked.values["device_num"], asked.values["device_port"])
        if port is None:
            return _failure("端口不存在")
        port.state = FAULT if asked.values["is_error"] == "1" else IDLE
        return self._taken(call, "port-error", f"{asked.values['device_num']}-{port.number}")

    def _start(self, call: Call, asked: Asked) -> Answer:
        if complaint := START.complaint(asked.values):
            return _failure(complaint)
        device_num, charge_id = str(asked.values["device_num"]), str(asked.values["charge_id"])
        port = self._devices.port(device_num, asked.values["device_port"])
        if port is None:
            return _failure("端口不存在")
        if complaint := call.rejects(call.path, charge_id):
            return _failure(complaint)
        if not port.may_start(charge_id):
            return _failure("端口当前状态不能充电")
        mode, fee = int(str(asked.values["charge_mode"])), int(str(asked.values["total_fee"]))
        self._devices.start(device_num, port, charge_id, mode, fee)
        self._tell("start_power", charge_id)
        return self._taken(call, "charge-start", charge_id)

    def _stop(self, call: Call, asked: Asked) -> Answer:
        if complaint := STOP.complaint(asked.values):
            return _failure(complaint)
        device_num, charge_id = str(asked.values["device_num"]), str(asked.values["charge_id"])
        port = self._devices.port(device_num, asked.values["device_port"])
        if port is None or port.state != CHARGING or port.charge_id != charge_id:
            return _failure("端口没有此充电订单")
        if complaint := call.rejects(call.path, charge_id):
            return _failure(complaint)
        self._devices.stop(device_num, port)
        self._tell("finish_order", charge_id)
        return self._taken(call, "charge-stop", charge_id)

    def _log(self, call: Call, asked: Asked) -> Answer:
        charge_id = str(asked.values.get("charge_id", ""))
        if not charge_id:
            return _failure("charge_id不能为空")
        callbacks = self._devices.callbacks.get(charge_id, {})
        rows = [
            {"charge_id": charge_id, "type": what, "url": f"/callback_url/{what}", "req": body}
            for what, body in callbacks.items()
        ]
        return _success(rows)

    def _retry(self, call: Call, asked: Asked) -> Answer:
        if complaint := RETRY.complaint(asked.values):
            return _failure(complaint)
        charge_id = str(asked.values["charge_id"])
        if "finish_order" not in self._devices.callbacks.get(charge_id, {}):
            return _failure("没有结束订单记录")
        self._tell("finish_order", charge_id)
        return self._taken(call, "finish-order-retry", charge_id)

    def _tell(self, callback: str, charge_id: str) -> None:
        self._callbacks.tell(callback, self._devices.callbacks[charge_id][callback])

    def _taken(self, call: Call, kind: str, key: str) -> Answer:
        self.received.accept(kind, call.path, key, key, call.body)
        return _success({})

    def _set_port(self, content: Mapping[str, object]) -> object:
        port = self._devices.port(content.get("device_num"), content.get("port"))
        if port is None:
            raise ControlError("device_num and port must name a port; see the setting devices")
        state = content.get("state")
        if type(state) is not int or state not in PORT_STATES:
            raise ControlError("state must be a whole number from 0 to 25")
        port.state = state
        return port.shown([])

    def _set_mode(self, content: Mapping[str, object]) -> object:
        device = self._devices.by_number.get(str(content.get("device_num")))
        mode = content.get("charge_mode")
        if device is None or type(mode) is not int or mode not in wanzhuang_modes.MODES:
            modes = ", ".join(map(str, wanzhuang_modes.MODES))
            raise ControlError(f"device_num must be known and charge_mode one of {modes}")
        device.charge_mode = mode
        return {"device_num": device.device_num, "charge_mode": mode}


def _success(content: object) -> Answer:
    told = {"code": 1, "message": "success", "data": content, "timestamp": int(time.time())}
    return Answer.of(told)


def _failure(message: str) -> Answer:
    told = {"code": _FAILED, "message": message, "data": {}, "timestamp": int(time.time())}
    return Answer.of(told, refused=True)
