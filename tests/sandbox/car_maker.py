"""An app behind the car maker's gateway, document 002; it computes its auth codes on its own."""

import hmac
import struct
import time
from dataclasses import dataclass, field

import requests

from tests.sandbox.callers import TIMEOUT_S, Body, Control

APP_ID = "0lsQoWek"
APP_KEY = "766175cc49c611e8842f0ed5f89f718b"
MAP = "/info4gw/apigateway/info4-map/sgmMap"
STATION = "/info4gw/apigateway/private/info4-map/charging-station"
APP_KEY_PATH = "/info4gw/apigateway/public/generateAppKey/"
UUID = "0123456789abcdef0123456789abcdef"


def totp(key: str, at_ms: int) -> str:
    """RFC 6238 with HMAC-SHA256, 8 digits, steps of 60 s."""
    mac = hmac.digest(key.encode(), struct.pack(">Q", at_ms // 60_000), "sha256")
    (number,) = struct.unpack_from(">I", mac, mac[-1] & 15)
    return f"{(number & 0x7FFFFFFF) % 10**8:08}"


def now_ms() -> int:
    """The clock in milliseconds."""
    return time.time_ns() // 1_000_000


@dataclass
class App:
    """Whoever calls the gateway for a user."""

    base_url: str
    control: Control
    app_key: str = APP_KEY
    session: requests.Session = field(default_factory=requests.Session)

    def headers(self, *, away_ms: int = 0, **changes: str | None) -> dict[str, str]:
        """Headers that are right, but for the changes; None takes one away."""
        told: dict[str, str | None] = {
            "Content-Type": "application/json;charset=UTF-8",
            "appId": APP_ID,
            "timestamp": str(now_ms() + away_ms),
            "authCode": totp(self.app_key, now_ms() + away_ms),
            "idpUserId": "idp-1",
            "accessToken": "sandbox-access-token",
        }
        told |= {name.replace("_", "-"): value for name, value in changes.items()}
        return {name: value for name, value in told.items() if value is not None}

    def ask(
        self,
        path: str,
        body: object,
        headers: dict[str, str] | None = None,
        *,
        method: str = "POST",
        data: bytes | None = None,
    ) -> Body:
        """Any call; the gateway answers with HTTP 200 whatever it thinks of it."""
        answer = self.session.request(
            method,
            self.base_url + path,
            headers=self.headers() if headers is None else headers,
            json=body if data is None else None,
            data=data,
            timeout=TIMEOUT_S,
        )
        assert answer.status_code == 200
        content: Body = answer.json()
        assert content.keys() == {"resultCode", "message", "dataSet"}
        return content

    def code(self, path: str, body: object, headers: dict[str, str] | None = None) -> str:
        """The result code of a call."""
        code: str = self.ask(path, body, headers)["resultCode"]
        return code

    def told(self, path: str, **body: object) -> object:
        """The data set of a call that was done."""
        answer = self.ask(path, body)
        assert (answer["resultCode"], answer["message"]) == ("0000", "Success"), answer
        return answer["dataSet"]

    def change(self, pre_num: str, status: object, **more: object) -> Body:
        """Complete or cancel a reservation."""
        body = {"preNum": pre_num, "status": status, **more}
        return self.ask(f"{STATION}/npo/charge/update", body)

    def reserve(self, **changes: object) -> Body:
        """Reserve a connector that is free, but for the changes."""
        body: Body = {
            "operatorId": "313744932",
            "stationId": "444",
            "connectorId": "1234988500",
            "brandId": "2",
            "source": "CARAPP",
        }
        sent = {name: value for name, value in (body | changes).items() if value is not None}
        return self.ask(f"{STATION}/np0/pre/create", sent)

    def app_key_call(self, app_id: str = APP_ID, **sent: object) -> requests.Response:
        """Ask for the AppKey."""
        url = self.base_url + APP_KEY_PATH + app_id
        return self.session.post(url, json={}, timeout=TIMEOUT_S, **sent)
