"""The four headers that every call of the platform carries (获取运营商operator token)."""

from collections.abc import Callable
from datetime import datetime

import requests
from requests.auth import AuthBase

from worker.signing import hmac_sha256_base64
from worker.vendors.charging_station.payloads import shanghai
from worker.vendors.charging_station.settings import ChargingStationSettings


class OperatorAuth(AuthBase):
    """Signs at the moment of sending.

    Attributes:
        token: what it signs with; None for the token call itself, which has three headers.
    """

    def __init__(
        self,
        settings: ChargingStationSettings,
        clock: Callable[[], datetime],
        token: str | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self.token = token

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the headers; the body is not part of the signature."""
        r.headers.update(self.headers())
        return r

    def headers(self) -> dict[str, str]:
        """The headers of this moment."""
        told = {"Datetime": shanghai(self._clock()), "OperatorId": self._settings.operator_id}
        if self.token is not None:
            told["Token"] = self.token
        lines = "\n".join(f"{name.lower()}: {value}" for name, value in told.items())
        signature = hmac_sha256_base64(
            lines,
            self._settings.secret.get_secret_value(),
            of_hex=self._settings.signature_encoding == "hex",
        )
        return told | {"Signature": signature}
