"""The headers that say who calls: [TOTP] on every call, [USER] on those that name a user."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import requests
from requests.auth import AuthBase

from worker.vendors.sgm_info4.settings import SgmInfo4Settings
from worker.vendors.sgm_info4.totp import auth_code

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class GatewayAuth(AuthBase):
    """Signs at the moment of sending: the gateway's clock check is one minute wide.

    Attributes:
        app_key: what it signs with.
    """

    def __init__(
        self, settings: SgmInfo4Settings, clock: Callable[[], datetime], app_key: str
    ) -> None:
        self._settings = settings
        self._clock = clock
        self.app_key = app_key

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the headers; the body is not part of the signature."""
        at_ms = (self._clock() - EPOCH) // timedelta(milliseconds=1)
        r.headers["appId"] = self._settings.app_id
        r.headers[self._settings.timestamp_header] = str(at_ms)
        r.headers["authCode"] = auth_code(self.app_key, at_ms)
        if self._settings.idp_user_header in r.headers:
            r.headers["accessToken"] = self._settings.access_token.get_secret_value()
        return r
