"""An application of the pile cloud, document 001; it signs on its own, by the three schemes."""

import hashlib
import hmac
import time
from dataclasses import dataclass, field

import requests

from tests.sandbox.callers import TIMEOUT_S, Body, Control

APP_SECRET = "sandbox-secret"
Pairs = list[tuple[str, str]]


def joined(pairs: Pairs) -> str:
    """The parameters that are not empty, sorted by name."""
    told = sorted(((name, value) for name, value in pairs if value), key=lambda pair: pair[0])
    return "&".join(f"{name}={value}" for name, value in told)


def sign(scheme: str, pairs: Pairs) -> str:
    """The sign of these parameters."""
    if scheme == "md5_sorted_key":
        return hashlib.md5(f"{joined(pairs)}&key={APP_SECRET}".encode()).hexdigest().upper()
    return hmac.new(APP_SECRET.encode(), joined(pairs).encode(), "sha256").hexdigest()


def now_s() -> int:
    """The clock in seconds."""
    return int(time.time())


@dataclass
class Application:
    """Whoever starts charges and asks for the state of the ports."""

    base_url: str
    control: Control
    scheme: str = "md5_sorted_key"
    session: requests.Session = field(default_factory=requests.Session)

    def get(self, path: str, *more: tuple[str, str], **query: object) -> Body:
        """A signed GET; `more` are parameters that may be repeated."""
        told = {"app_id": "app-1", "timestamp": now_s()} | query
        pairs = [*more, *((name, str(value)) for name, value in told.items() if value is not None)]
        return self.ask("GET", path, params=[*pairs, ("sign", sign(self.scheme, pairs))])

    def post(self, path: str, **body: object) -> Body:
        """A signed POST; None takes a field away."""
        told = {"app_id": "app-1", "timestamp": now_s()} | body
        told = {name: value for name, value in told.items() if value is not None}
        pairs = [(name, str(value)) for name, value in told.items()]
        return self.ask("POST", path, json={**told, "sign": sign(self.scheme, pairs)})

    def ask(self, method: str, path: str, **sent: object) -> Body:
        """Any call as it is; the answer is HTTP 200 whatever it says."""
        answer = self.session.request(method, self.base_url + path, timeout=TIMEOUT_S, **sent)
        assert answer.status_code == 200
        content: Body = answer.json()
        return content

    def start(self, **changes: object) -> Body:
        """Start a charge that is right, but for the changes."""
        body: Body = {
            "device_num": "18000001",
            "device_port": 1,
            "charge_id": 1751254762038,
            "charge_mode": 7,
            "total_fee": 100,
        }
        return self.post("/open/charge/start", **(body | changes))

    def stop(self, **changes: object) -> Body:
        """Stop that charge, but for the changes."""
        body: Body = {"device_num": "18000001", "device_port": 1, "charge_id": 1751254762038}
        return self.post("/open/charge/stop", **(body | changes))

    def port_state(self, port: int = 1) -> int:
        """The state of a port of the first device."""
        ports = self.get("/open/device/state", device_num="18000001")["data"]["ports"]
        state: int = ports[port - 1]["state"]
        return state
