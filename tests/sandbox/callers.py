"""Callers of the played systems; they sign on their own, from the documents."""

import base64
import hashlib
import hmac
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

TIMEOUT_S = 10
OPERATOR_ID = "395815801"
SECRET = "sandbox-secret"
GATE_KEY = "sandbox-key"

Body = dict[str, Any]
StartSandbox = Callable[..., subprocess.Popen[str]]
SandboxWith = Callable[[dict[str, dict[str, Any]]], str]


def listening_url(process: subprocess.Popen[str]) -> str:
    """The URL in the one line that a sandbox prints when it can be called."""
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("sandbox listening on http://127.0.0.1:"), line
    return line.removeprefix("sandbox listening on ").strip()


def hmac_signature(secret: str, lines: str) -> str:
    """Document 000: base64 of the HMAC-SHA256."""
    return base64.b64encode(hmac.digest(secret.encode(), lines.encode(), "sha256")).decode()


def md5_signature(fields: Body, key: str) -> str:
    """Document 004: MD5 over the sorted pairs that are not empty."""
    told = sorted((name, value) for name, value in fields.items() if value and name != "sign")
    pairs = "&".join(f"{name}={value}" for name, value in [*told, ("key", key)])
    return hashlib.md5(pairs.encode()).hexdigest().upper()


def shanghai_now(away_s: float = 0) -> str:
    """The platform's wall clock, so many seconds away."""
    return (datetime.now(UTC) + timedelta(hours=8, seconds=away_s)).strftime("%Y-%m-%d %H:%M:%S")


@dataclass
class Control:
    """The control interface for one vendor."""

    base_url: str
    vendor: str
    session: requests.Session = field(default_factory=requests.Session)

    def call(self, method: str, what: str, json: object = None) -> requests.Response:
        """Any control call."""
        url = f"{self.base_url}/_sandbox/{self.vendor}/{what}"
        return self.session.request(method, url, timeout=TIMEOUT_S, json=json)

    def counters(self) -> Body:
        """The vendor's counters."""
        counters: Body = self.call("GET", "counters").json()
        return counters

    def keys(self) -> list[str]:
        """The keys of what was accepted, in order of arrival."""
        return [item["key"] for item in self.call("GET", "received").json()["items"]]

    def wait_for(self, counter: str, value: int) -> None:
        """Wait until a counter has this value."""
        for _ in range(1000):
            if self.counters()[counter] == value:
                return
            time.sleep(0.01)
        raise AssertionError(f"{counter} never was {value}: {self.counters()}")

    def fault(self, kind: str, **settings: object) -> None:
        """Order a fault."""
        answer = self.call("POST", "faults", json={"kind": kind, **settings})
        assert answer.status_code == 201, answer.text

    def clean(self) -> None:
        """End all faults and forget what was received."""
        self.call("DELETE", "faults")
        self.call("POST", "reset")
        self.session.close()


@dataclass
class Garage:
    """A charging operator that reports to a parking gate."""

    base_url: str
    control: Control
    session: requests.Session = field(default_factory=requests.Session)

    def record(self, **changes: object) -> Body:
        """A charge record that is right, but for the changes; None takes a field away."""
        body: Body = {
            "portName": "acme",
            "parkId": "3302122004",
            "orderNo": "ORDER-1",
            "plateNo": "浙B12345",
            "startTime": "2024-05-01 08:00:00",
            "endTime": "2024-05-01 09:30:00",
            "stationId": "S-001",
            "stationName": "Station",
            "deviceId": "D-1",
            "deviceName": "Device",
            "spaceNo": "",
            "power": "12.30",
            "elecMoney": "9.84",
            "seviceMoney": "",
            "totalMoney": "9.84",
        } | changes
        return {name: value for name, value in body.items() if value is not None}

    def post(
        self, body: object, *, timeout_s: float = TIMEOUT_S, stream: bool = False
    ) -> requests.Response:
        """Send a body as it is."""
        url = f"{self.base_url}/parkpot-service/chargePile/chargingRecord"
        return self.session.post(url, json=body, timeout=timeout_s, stream=stream)

    def send(self, **changes: object) -> requests.Response:
        """Send a record, signed as it then is."""
        body = self.record(**changes)
        return self.post(body | {"sign": md5_signature(body, GATE_KEY)})

    def tell(self, **changes: object) -> Body:
        """Send a record and read the answer, which is always HTTP 200."""
        answer = self.send(**changes)
        assert answer.status_code == 200
        content: Body = answer.json()
        return content


@dataclass
class City:
    """A charging operator that reports to a city's platform."""

    base_url: str
    control: Control
    secret: str = SECRET
    session: requests.Session = field(default_factory=requests.Session)
    token: str = ""

    def headers(self, *, with_token: bool = True, **changes: str) -> dict[str, str]:
        """The four headers, right but for the changes, signed as they then are."""
        signed = {"Datetime": shanghai_now(), "OperatorId": OPERATOR_ID}
        if with_token:
            signed["Token"] = self.token or self.fetch_token()
        signed |= changes
        lines = "\n".join(f"{name.lower()}: {value}" for name, value in signed.items())
        return signed | {"Signature": hmac_signature(self.secret, lines)} | changes

    def call(
        self,
        method: str,
        path: str,
        headers: dict[str, str] | None = None,
        *,
        json: object = None,
        data: bytes | None = None,
        params: Body | None = None,
    ) -> Body:
        """Any call; the platform answers with HTTP 200 whatever it thinks of it."""
        url = self.base_url + path
        sent = self.headers() if headers is None else headers
        answer = self.session.request(
            method, url, headers=sent, timeout=TIMEOUT_S, json=json, data=data, params=params
        )
        assert answer.status_code == 200
        content: Body = answer.json()
        return content

    def fetch_token(self) -> str:
        """A new token, kept for the calls that follow."""
        path = "/platform/management/operatorAPIToken"
        answer = self.call("GET", path, self.headers(with_token=False))
        assert answer["status"] == 200, answer
        self.token = answer["data"]
        return self.token

    def status(self, **changes: object) -> Body:
        """A connector's status that is right, but for the changes; None takes a field away."""
        body: Body = {
            "cellId": "C-1",
            "equipmentId": "E-1",
            "operatorId": OPERATOR_ID,
            "chargingMetaInfoId": "",
            "updateDatetime": "2024-05-01 08:00:00",
            "cellStatus": 3,
            "doorStatus": 10,
            "errorCode": 1000,
            "current": 16.5,
            "voltage": 220.1,
            "power": 3.52,
            "quantity": 1,
            "envTemperature": -3.5,
            "cirTemperature": 31,
        } | changes
        return {name: value for name, value in body.items() if value is not None}

    def record(self, number: int = 1, **changes: object) -> Body:
        """A charge record that is right, but for the changes; None takes a field away."""
        body: Body = {
            "startChargeSeq": f"{OPERATOR_ID}20240501080000{number:04}",
            "cellId": "C-1",
            "operatorId": OPERATOR_ID,
            "startDatetime": "2024-05-01 08:00:00",
            "endDatetime": "2024-05-01 09:30:00",
            "totalPower": 12.3,
            "totalElecMoney": 9.84,
            "totalServiceMoney": 0,
            "startType": 1,
            "stopReason": 0,
            "averagePower": 8.2,
        } | changes
        return {name: value for name, value in body.items() if value is not None}

    def warning(self, **changes: object) -> Body:
        """A risk notice that is right, but for the changes; None takes a field away."""
        body: Body = {
            "operatorId": OPERATOR_ID,
            "cellId": "C-1",
            "riskLevel": "高风险",
            "riskReason": "温度过高",
            "platformDatetime": "2024-05-01 08:00:00",
        } | changes
        return {name: value for name, value in body.items() if value is not None}

    def report_status(self, **changes: object) -> Body:
        """Report one connector's status."""
        return self.call("POST", "/platform/report/chargingMetaInfo", json=self.status(**changes))

    def report_statuses(self, bodies: object) -> Body:
        """Report statuses as a list."""
        return self.call("POST", "/platform/report/chargingMetaInfoList", json=bodies)

    def report_record(self, number: int = 1, **changes: object) -> Body:
        """Report one charge record."""
        path = "/platform/management/chargingRecord"
        return self.call("POST", path, json=self.record(number, **changes))

    def report_records(self, bodies: object) -> Body:
        """Report charge records as a list."""
        return self.call("POST", "/platform/management/chargingRecordList", json=bodies)

    def records(self, **query: object) -> Body:
        """Read back what was reported."""
        params: Body = {"operatorId": OPERATOR_ID, "pageIndex": 1, "pageSize": 10} | query
        return self.call("GET", "/platform/management/chargingRecord", params=params)
