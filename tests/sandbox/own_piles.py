"""An administrator of the operator's own piles, document 003."""

from dataclasses import dataclass, field

import requests

from tests.sandbox.callers import TIMEOUT_S, Body, Control


@dataclass
class Administrator:
    """Whoever may set the piles."""

    base_url: str
    control: Control
    session: requests.Session = field(default_factory=requests.Session)
    token: str = ""

    def call(self, method: str, path: str, **query: object) -> Body:
        """Any call with a token in its query; None takes a parameter away."""
        params = {"token": self.token or self.log_in()} | query
        return self.ask(method, path, params=params)

    def ask(self, method: str, path: str, **sent: object) -> Body:
        """Any call as it is; the answer is HTTP 200 whatever it says."""
        answer = self.session.request(method, self.base_url + path, timeout=TIMEOUT_S, **sent)
        assert answer.status_code == 200
        content: Body = answer.json()
        return content

    def log_in(self) -> str:
        """A new token, kept for the calls that follow."""
        account = {"username": "admin", "password": "sandbox-password"}
        answer = self.ask("POST", "/a/login", json=account)
        assert answer["code"] == 200, answer
        self.token = answer["token"]
        return self.token

    def set_status(self, pile: object, status: object) -> Body:
        """Set a pile's status."""
        return self.call("POST", "/admin/charge/status/set", id=pile, status=status)

    def statuses(self) -> dict[int, str]:
        """The status of every pile."""
        rows = self.call("GET", "/admin/charge/status/get")["data"]
        return {row["charging_station_id"]: row["status"] for row in rows}
