"""How the platform of document 000 calls the operator: at the URLs it was told, signed as it asks.

Controls, both answered with `{"status": HTTP status or null, "body": …}`:

- `pull {"cellId": "C-1", "updateDatetime": "2024-05-01 08:00:00"}` asks the operator for one
  cell's data at one moment; what is left out is not asked with.
- `risk {"cellId": "C-1", "riskLevel": "高风险", "riskReason": "…", "platformDatetime": "…"}` tells
  it that a cell is at risk, by default now.
"""

import json
from collections.abc import Mapping

from sandbox.charging_station_callbacks import (
    META_INFO_PATH,
    REPORT_FAILURE_PATH,
    RISK_PATH,
    CallbackUrls,
)
from sandbox.operator_door import OperatorDoor, shanghai_now
from sandbox.outgoing import Callback, Outgoing, Reply, Request
from sandbox.system import Control, ControlError

Fields = Mapping[str, object]


class PlatformCalls:
    """Calls one operator, whose URLs may change between two calls."""

    def __init__(self, door: OperatorDoor, urls: CallbackUrls, outgoing: Outgoing) -> None:
        """Sign as `door` would have it."""
        self._door = door
        self._urls = urls
        self._outgoing = outgoing

    def controls(self) -> Mapping[str, Control]:
        """Call now and show what came back."""
        return {"pull": self._pull, "risk": self._risk}

    def report_failure(self, failure: Fields) -> None:
        """Tell of a report that failed later; without a URL it is not told."""
        if url := self._urls.of(REPORT_FAILURE_PATH):
            self._outgoing.tell(self._posted("reportFailure", url, failure))

    async def _pull(self, content: Fields) -> object:
        asked = _texts(content, "cellId", "updateDatetime")
        url = self._told_url(META_INFO_PATH)
        query = {"operatorId": self._door.operator_id, **asked}

        def request() -> Request:
            return Request("GET", url, self._door.headers(), query)

        reply = await self._outgoing.call(Callback("getChargingMetaInfo", request, _taken))
        return reply.shown()

    async def _risk(self, content: Fields) -> object:
        told = _texts(content, "cellId", "riskLevel", "riskReason", "platformDatetime")
        url = self._told_url(RISK_PATH)
        begin = {"operatorId": self._door.operator_id, "platformDatetime": shanghai_now()}
        reply = await self._outgoing.call(self._posted("notifyCellRisk", url, begin | told))
        return reply.shown()

    def _posted(self, name: str, url: str, content: Fields) -> Callback:
        body = json.dumps(content, ensure_ascii=False, default=float).encode()

        def request() -> Request:
            headers = self._door.headers() | {"Content-Type": "application/json"}
            return Request("POST", url, headers, body=body)

        return Callback(name, request, _taken)

    def _told_url(self, path: str) -> str:
        url = self._urls.of(path)
        if not url:
            raise ControlError(f"no URL was told by PUT {path}")
        return url


def _taken(reply: Reply) -> bool:
    return reply.says("status", 200)


def _texts(content: Fields, *names: str) -> dict[str, str]:
    if unknown := content.keys() - set(names):
        raise ControlError(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(names)}")
    texts = {name: value for name, value in content.items() if isinstance(value, str)}
    if len(texts) < len(content):
        raise ControlError(f"{', '.join(names)} must be text")
    return texts
