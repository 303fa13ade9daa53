"""A city's platform that calls us; it signs on its own, from the document."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import requests

TIMEOUT_S = 30
OPERATOR_ID = "395815801"
SECRET = "s3cret-key"

Body = dict[str, Any]


def failure(request_id: str = "R-1", count: int = 1, **item: object) -> Body:
    """A status that failed after it was accepted: that of C-1 at eleven and one second, UTC."""
    told = {
        "cellId": "C-1",
        "updateDatetime": "2024-05-01 19:00:01",
        "cellStatus": 3,
        "chargingMetaInfoId": request_id,
    }
    return {
        "status": 401,
        "message": "权限错误",
        "data": {
            "requestAPI": "/platform/report/chargingMetaInfo",
            "requestParam": {},
            "requestBody": told | item,
            "requestId": request_id,
            "requestFailureCount": count,
        },
    }


def risk(**changes: object) -> Body:
    return {
        "operatorId": OPERATOR_ID,
        "cellId": "C-1",
        "riskLevel": "高风险",
        "riskReason": "烟雾",
        "platformDatetime": "2024-05-01 19:30:00",
    } | changes


def wanted(**changes: object) -> dict[str, str]:
    """The query for the status of C-1 at eleven and one second, UTC."""
    query = {
        "operatorId": OPERATOR_ID,
        "cellId": "C-1",
        "updateDatetime": "2024-05-01 19:00:01",
    }
    return query | {name: str(value) for name, value in changes.items()}


def signed(
    moment: datetime, *, operator_id: str = OPERATOR_ID, token: str = "t-1", secret: str = SECRET
) -> dict[str, str]:
    """The four headers of a call at that moment, by 获取运营商operator token."""
    told = {
        "Datetime": f"{moment + timedelta(hours=8):%Y-%m-%d %H:%M:%S}",
        "OperatorId": operator_id,
        "Token": token,
    }
    lines = "\n".join(f"{name.lower()}: {value}" for name, value in told.items())
    digest = hmac.new(secret.encode(), lines.encode(), hashlib.sha256).digest()
    return told | {"Signature": base64.b64encode(digest).decode()}


@dataclass
class Platform:
    """Calls `city`; every call is signed anew: no two carry the same token."""

    port: int
    clock: Callable[[], datetime]
    session: requests.Session
    signatures: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def headers(self, away_s: float = 0, **how: str) -> dict[str, str]:
        """The four headers, so many seconds away from our clock."""
        with self.lock:
            self.signatures += 1
            token = f"t-{self.signatures}"
        return signed(self.clock() + timedelta(seconds=away_s), **{"token": token} | how)

    def call(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        *,
        data: Any = None,  # noqa: ANN401 whatever requests sends
        params: Mapping[str, str] | None = None,
        session: requests.Session | None = None,
    ) -> requests.Response:
        """Any call; signed, unless headers are given."""
        return (session or self.session).request(
            method,
            f"http://127.0.0.1:{self.port}/callbacks/{path}",
            headers=self.headers() if headers is None else headers,
            data=data,
            params=params,
            timeout=TIMEOUT_S,
        )

    def post(
        self,
        name: str,
        content: object,
        headers: Mapping[str, str] | None = None,
        session: requests.Session | None = None,
    ) -> requests.Response:
        """JSON to a callback of `city`."""
        signed = self.headers() if headers is None else headers
        data = json.dumps(content, ensure_ascii=False).encode()
        sent = {"Content-Type": "application/json"} | dict(signed)
        return self.call("POST", f"city/{name}", sent, data=data, session=session)

    def fails(
        self,
        request_id: str = "R-1",
        count: int = 1,
        headers: Mapping[str, str] | None = None,
        **item: object,
    ) -> Body:
        """Tell a failure; its answer, which is a success."""
        return read(self.post("report-failure", failure(request_id, count, **item), headers))

    def warns(self, headers: Mapping[str, str] | None = None, **changes: object) -> Body:
        """Tell a risk; its answer, which is a success."""
        return read(self.post("cell-risk", risk(**changes), headers))

    def asks(self, **changes: object) -> requests.Response:
        """Ask for a past status."""
        return self.call("GET", "city/charging-meta-info", params=wanted(**changes))

    def at_once(
        self, name: str, content: object, headers: Sequence[Mapping[str, str]]
    ) -> list[int]:
        """The same content with each of these headers, at one moment; HTTP statuses, sorted."""
        gate = threading.Barrier(len(headers))

        def post(sent: Mapping[str, str]) -> int:
            with requests.Session() as session:
                gate.wait(TIMEOUT_S)
                return self.post(name, content, sent, session=session).status_code

        with ThreadPoolExecutor(len(headers)) as pool:
            return sorted(pool.map(post, headers))


def read(answer: requests.Response) -> Body:
    """The content of what must be a success."""
    assert answer.status_code == 200, answer.text
    content: Body = answer.json()
    assert content.keys() == {"status", "message", "data"}
    assert content["status"] == 200
    return content


def refused(answer: requests.Response, http_status: int) -> str:
    """The message of a refusal, which must have the system's own shape."""
    assert answer.status_code == http_status, answer.text
    content = answer.json()
    assert content.keys() == {"status", "message", "data"}
    assert content["status"] == http_status
    assert content["data"] is None
    assert content["message"]
    return str(content["message"])
