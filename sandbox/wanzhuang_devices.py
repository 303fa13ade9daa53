"""The devices of the pile cloud, document 001: their ports, port states and running charges.

Times are seconds, money is fen, power W; a charge that ends leaves its callback's body behind.
Every charge is told as begun a minute before it was, so that none took no time.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

PORT_STATES = range(26)
IDLE, CHARGING, FINISHED, FAULT = 0, 2, 5, 6
_MAY_START = {0, 1, 5}
_STOPPED_BY_SERVER = 12
_BEGUN_BEFORE_S = 60


@dataclass(slots=True)
class Port:
    """One socket and the charge that runs or ran at it last."""

    number: int
    state: int = IDLE
    charge_id: str = ""
    charge_mode: int = 0
    pay_amount: int = 0
    started_at: int = 0
    ended_at: int = 0
    """0 while the charge runs."""

    @property
    def time_used(self) -> int:
        """How long the charge has run or ran."""
        return (self.ended_at or int(time.time())) - self.started_at

    def may_start(self, charge_id: str) -> bool:
        """Whether a charge may start here: the port is free, or this charge goes on."""
        return self.state in _MAY_START or (self.state == CHARGING and charge_id == self.charge_id)

    def shown(self, fields: list[str]) -> dict[str, object]:
        """The port with these fields; none named means all."""
        running = self.state == CHARGING
        known: dict[str, object] = {
            "state": self.state,
            "charge_mode": self.charge_mode,
            "pay_amount": self.pay_amount,
            "pay_used": self.pay_amount if self.charge_id else 0,
            "time_total": 14400 if self.charge_id else 0,
            "time_used": self.time_used if self.charge_id else 0,
            "charge_id": self.charge_id,
            "eq_used": 12 if self.charge_id else 0,
            "rate_power": 600,
            "current_power": 220 if running else 0,
            "start_time": self.started_at,
            "rev_time": int(time.time()),
        }
        wanted = {name: known[name] for name in known if not fields or name in fields}
        return {"port": self.number, **wanted}


@dataclass(slots=True)
class Device:
    """One device with its ports, numbered from 1."""

    device_num: str
    charge_mode: int
    ports: dict[int, Port]

    def shown(self, fields: list[str]) -> dict[str, object]:
        """The device and the state of its ports."""
        ports = [port.shown(fields) for port in self.ports.values()]
        return {"device_num": self.device_num, "online": 1, "ports": ports}


@dataclass(slots=True)
class Devices:
    """All devices by number, and the callbacks of their charges by charge id."""

    settings: Mapping[str, object]
    """device_num -> how many ports."""
    by_number: dict[str, Device] = field(default_factory=dict)
    callbacks: dict[str, dict[str, dict[str, object]]] = field(default_factory=dict)

    def restart(self) -> None:
        """Let all ports be idle; the first device charges by time mode 2, the others by mode 0.

        Raises:
            ValueError: a number of ports is not a whole number from 1.
        """
        self.callbacks.clear()
        self.by_number.clear()
        for device_num, count in self.settings.items():
            if type(count) is not int or count < 1:
                raise ValueError(f"devices: {device_num} needs a whole number of ports from 1")
            ports = {number: Port(number) for number in range(1, count + 1)}
            mode = 0 if self.by_number else 7
            self.by_number[device_num] = Device(device_num, mode, ports)

    def port(self, device_num: object, number: object) -> Port | None:
        """The port, whose number may be text, or None."""
        device = self.by_number.get(str(device_num))
        text = str(number)
        known = device is not None and text.isascii() and text.isdigit() and len(text) < 10
        return device.ports.get(int(text)) if device is not None and known else None

    def start(self, device_num: str, port: Port, charge_id: str, mode: int, fee: int) -> None:
        """Begin a charge, or go on with it."""
        if port.state != CHARGING:
            port.started_at, port.ended_at = int(time.time()) - _BEGUN_BEFORE_S, 0
        port.state, port.charge_id, port.charge_mode, port.pay_amount = (
            CHARGING,
            charge_id,
            mode,
            fee,
        )
        asked = {"state": 0, "device_num": device_num, "device_port": port.number}
        self.callbacks[charge_id] = {"start_power": {**asked, "charge_id": int(charge_id)}}

    def stop(self, device_num: str, port: Port) -> None:
        """End the charge of this port."""
        port.state, port.ended_at = FINISHED, int(time.time())
        self.callbacks[port.charge_id]["finish_order"] = {
            "device_num": device_num,
            "device_port": port.number,
            "charge_id": int(port.charge_id),
            "end_reason": _STOPPED_BY_SERVER,
            "pay_amount": port.pay_amount,
            "pay_used": port.pay_amount,
            "time_used": port.time_used,
            "eq_used": 12,
            "start_time": port.started_at,
            "end_time": port.ended_at,
        }
