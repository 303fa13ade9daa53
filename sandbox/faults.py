"""Bad days on demand: which fault strikes which request of a vendor, and how often."""

import asyncio
import random
import time
from dataclasses import dataclass

from sandbox.fault_orders import FaultOrder
from sandbox.system import Carried

_LETS_OTHERS_STRIKE_TOO = {"latency", "expired_token", "rotated_app_key"}


@dataclass(slots=True)
class Fault:
    """An ordered fault while it is active."""

    number: int
    order: FaultOrder
    left: int | None
    """How many more requests it strikes; None means until it is cleared."""
    dice: random.Random
    cleared: asyncio.Event
    fired: int = 0
    _second: int = 0
    _seen_in_second: int = 0

    def strikes(self, path: str) -> bool:
        """Whether it strikes this request; if so, that is counted."""
        if self.left == 0 or self.order.text("path") not in path:
            return False
        if self.dice.random() >= self.order.number("rate"):
            return False
        if self.order.kind == "throttle" and not self._over_the_limit():
            return False
        self.fired += 1
        if self.left is not None:
            self.left -= 1
        return True

    def _over_the_limit(self) -> bool:
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._seen_in_second = second, 0
        self._seen_in_second += 1
        return self._seen_in_second > (self.order.whole("per_s") or 0)

    def shown(self) -> dict[str, object]:
        """The fault for the control interface."""
        counts = {"number": self.number, "fired": self.fired, "left": self.left}
        return {"kind": self.order.kind, **self.order.settings, **counts}


class Faults:
    """The active faults of one vendor, in the order in which they were added."""

    def __init__(self) -> None:
        """Begin with a good day."""
        self._cleared = asyncio.Event()
        self._added = 0
        self._of_requests: list[Fault] = []
        self._of_items: list[Fault] = []

    def add(self, order: FaultOrder) -> Fault:
        """Activate a fault."""
        self._added += 1
        dice = random.Random(order.whole("seed"))  # noqa: S311 - repeatable, not secret
        fault = Fault(self._added, order, order.whole("times"), dice, self._cleared)
        (self._of_items if order.kind == "reject_item" else self._of_requests).append(fault)
        return fault

    def clear(self) -> None:
        """End all faults; requests that hang are let go."""
        self._cleared.set()
        self._cleared = asyncio.Event()
        self._of_requests.clear()
        self._of_items.clear()

    def shown(self) -> list[dict[str, object]]:
        """The faults that are still active."""
        active = [fault for fault in self._of_requests + self._of_items if fault.left != 0]
        return [fault.shown() for fault in sorted(active, key=lambda fault: fault.number)]

    def striking(self, path: str, carried: Carried) -> list[Fault]:
        """The faults that strike this request: any delays, then at most one that spoils it."""
        spared = {"expired_token": not carried.token, "rotated_app_key": not carried.app_key}
        struck: list[Fault] = []
        for fault in self._of_requests:
            if spared.get(fault.order.kind, False):
                continue
            if fault.strikes(path):
                struck.append(fault)
                if fault.order.kind not in _LETS_OTHERS_STRIKE_TOO:
                    break
        self._of_requests[:] = [fault for fault in self._of_requests if fault.left != 0]
        return struck

    def rejection(self, path: str, key: str) -> str | None:
        """The message with which an item of this key is refused, or None."""
        for fault in self._of_items:
            if fault.order.text("key") == key and fault.strikes(path):
                return fault.order.text("message")
        return None
