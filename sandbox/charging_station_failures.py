"""Reports that fail later, document 000: answered with success, lost, and called back about.

Control: `later-failures {"times": 1, "cells": ["C-1"], "status": 500, "message": "…", "ids": []}`.
So many next reports or re-reports of these cells fail later; without `cells`, of any. `ids` are
the chargingMetaInfoId that the failing reports get, in their order; then ids are made. An order
joins those before it; a reset ends all. Answer: `{"left": how many failures are ordered now}`.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.charging_station_calls import PlatformCalls
from sandbox.received import Received
from sandbox.system import Control, ControlError

FAILURES_TAKEN = 3
Body = Mapping[str, object]


@dataclass(slots=True)
class Order:
    """Reports that shall fail later, as a tester wants them."""

    left: int
    cells: list[str]
    status: int
    message: str
    ids: list[str]


@dataclass(slots=True)
class Failed:
    """A report that failed, under its chargingMetaInfoId."""

    cell: str
    count: int = 0


class LaterFailures:
    """Which reports fail later, and which did."""

    def __init__(self, calls: PlatformCalls, received: Received) -> None:
        """Tell of each failure by `calls`; count it with what was `received`."""
        self._calls = calls
        self._received = received
        self.forget()

    def forget(self) -> None:
        """Let nothing fail and know no failure."""
        self._orders: list[Order] = []
        self._failed: dict[str, Failed] = {}

    def controls(self) -> Mapping[str, Control]:
        """Order failures."""
        return {"later-failures": self._order}

    def complaint(self, body: Body) -> str | None:
        """Why a re-report is refused, or None."""
        failed = self._failed.get(str(body["chargingMetaInfoId"]))
        if failed is None:
            return "chargingMetaInfoId不存在"
        if failed.count >= FAILURES_TAKEN:
            return f"chargingMetaInfoId已失败{FAILURES_TAKEN}次，不再接收"
        return None if failed.cell == body["cellId"] else "cellId与chargingMetaInfoId不符"

    def strike(self, path: str, body: Body) -> bool:
        """Whether this report fails later; if so, the operator is told."""
        cell = str(body["cellId"])
        order = next((one for one in self._orders if not one.cells or cell in one.cells), None)
        if order is None:
            return False
        request_id = str(body.get("chargingMetaInfoId") or _next_id(order))
        failed = self._failed.setdefault(request_id, Failed(cell))
        failed.count += 1
        self._use_up(order)
        self._received.counters.failed_later += 1
        data = {
            "requestAPI": path,
            "requestParam": {},
            "requestBody": {**body, "chargingMetaInfoId": request_id},
            "requestId": request_id,
            "requestFailureCount": failed.count,
        }
        told = {"status": order.status, "message": order.message, "data": data}
        self._calls.report_failure(told)
        return True

    def _use_up(self, order: Order) -> None:
        order.left -= 1
        if not order.left:
            self._orders.remove(order)

    def _order(self, content: Body) -> object:
        self._orders.append(_read(content))
        return {"left": sum(order.left for order in self._orders)}


def _next_id(order: Order) -> str:
    return order.ids.pop(0) if order.ids else secrets.token_hex(12)


def _read(content: Body) -> Order:
    known = {"times": 1, "cells": [], "status": 500, "message": "数据处理失败", "ids": []}
    if unknown := content.keys() - known.keys():
        raise ControlError(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(known)}")
    times, cells, status, message, ids = (known | dict(content)).values()
    if type(times) is not int or times < 1:
        raise ControlError("times must be a whole number from 1")
    if type(status) is not int or not isinstance(message, str):
        raise ControlError("status must be a whole number and message text")
    return Order(times, _texts(cells), status, message, _texts(ids))


def _texts(value: object) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ControlError("cells and ids must be lists of text")
    return value
