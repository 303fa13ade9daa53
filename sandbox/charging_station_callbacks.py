"""Where the platform of document 000 would call the operator back: three URLs, told and taken back.

`operatorId` and `url` are query parameters. The risk URL can only be changed. A URL taken back is
kept as an empty one.
"""

import json
from collections.abc import Mapping

from sandbox.charging_station_answers import MAY_NOT, WRONG, Complaint, refusal, success
from sandbox.operator_door import NOT_THIS_OPERATOR, OperatorDoor
from sandbox.received import Received
from sandbox.system import Answer, Call, Operation

_PREFIX = "/platform/management/callbackUrl"
REPORT_FAILURE_PATH = f"{_PREFIX}/reportFailure"
META_INFO_PATH = f"{_PREFIX}/getChargingMetaInfo"
RISK_PATH = f"{_PREFIX}/notifyCellRisk"
KIND = "callback-url"


class CallbackUrls:
    """Takes the URLs that one operator tells."""

    def __init__(self, door: OperatorDoor, received: Received) -> None:
        """Let in who may pass `door`; what is taken is kept in `received`, too."""
        self._door = door
        self._received = received
        self.forget()

    def forget(self) -> None:
        """Know no URL."""
        self._urls: dict[str, str] = {}

    def of(self, path: str) -> str:
        """The URL that was told by PUT of this path, or an empty one."""
        return self._urls.get(path, "")

    def operations(self) -> Mapping[tuple[str, str], Operation]:
        """The document's five calls."""
        return {
            ("PUT", REPORT_FAILURE_PATH): self._change,
            ("DELETE", REPORT_FAILURE_PATH): self._remove,
            ("PUT", META_INFO_PATH): self._change,
            ("DELETE", META_INFO_PATH): self._remove,
            ("PUT", RISK_PATH): self._change,
        }

    def _change(self, call: Call) -> Answer:
        if complaint := self._complaint(call):
            return refusal(complaint)
        url = call.query.get("url", "")
        if not url.startswith(("http://", "https://")):
            return refusal(Complaint(WRONG, "url应为http或https地址"))
        return self._taken(call, url, "修改成功!")

    def _remove(self, call: Call) -> Answer:
        complaint = self._complaint(call)
        return refusal(complaint) if complaint else self._taken(call, "", "删除成功!")

    def _complaint(self, call: Call) -> Complaint | None:
        if complaint := self._door.complaint(call.headers):
            return Complaint(MAY_NOT, complaint)
        mine = call.query.get("operatorId") == self._door.operator_id
        return None if mine else Complaint(MAY_NOT, NOT_THIS_OPERATOR)

    def _taken(self, call: Call, url: str, said: str) -> Answer:
        self._urls[call.path] = url
        key = call.path.rpartition("/")[2]
        told = json.dumps({"callback": key, "url": url}).encode()
        identity = str(self._received.counters.accepted_items)
        self._received.accept(KIND, call.path, key, identity, told)
        return success(said)
