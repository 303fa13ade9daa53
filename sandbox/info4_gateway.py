"""Who may pass the gateway of document 002: app, clock, auth code, and the user where one is asked.

Auth code: TOTP of RFC 6238 with HMAC-SHA256, 8 digits, steps of 60 s, the key as ASCII text; the
step before and the step after are taken, too. The timestamp is in milliseconds.
"""

import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping

from sandbox.info4_answers import Refusal

STEP_MS = 60_000
CLOCK_TOLERANCE_MS = 60_000
DIGITS = 8

_USER_HEADERS = ("idpUserId", "ipdUserId")
"""The document's tables and its examples spell it differently."""


def auth_code(key: str, at_ms: int) -> str:
    """The auth code of this key at this time."""
    counter = (at_ms // STEP_MS).to_bytes(8, "big")
    mac = hmac.new(key.encode(), counter, hashlib.sha256).digest()
    offset = mac[-1] & 0xF
    number = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFFFFFF
    return str(number % 10**DIGITS).zfill(DIGITS)


class Gateway:
    """Lets in the calls of one app and, where the document asks for it, of one user."""

    def __init__(self, app_id: str, app_key: str, user_id: str, access_token: str) -> None:
        """Check calls of `app_id`, which begins with `app_key`, for a user who is signed in."""
        self.app_id = app_id
        self.app_key = app_key
        self._user_id = user_id
        self._access_token = access_token
        self._signed_in: str | None = access_token

    def rotate_app_key(self) -> None:
        """Replace the key; what was computed with the old one is refused from now on."""
        self.app_key = secrets.token_hex(16)

    def sign_out(self) -> None:
        """Make the user's access token invalid."""
        self._signed_in = None

    def sign_in(self, access_token: str | None = None) -> None:
        """Let the user be signed in with this token; None means the first one."""
        self._signed_in = access_token or self._access_token

    def refusal(self, headers: Mapping[str, str], *, user_needed: bool) -> Refusal | None:
        """Why this call may not pass, or None."""
        for name in ("appId", "timestamp", "authCode"):
            if not headers.get(name):
                return Refusal("6002", name)
        if headers["appId"] != self.app_id:
            return Refusal("0001")
        now_ms = time.time_ns() // 1_000_000
        if not _near(headers["timestamp"], now_ms):
            return Refusal("0002")
        if not self._knows(headers["authCode"], now_ms):
            return Refusal("0003")
        return self._user_refusal(headers) if user_needed else None

    def _knows(self, given: str, now_ms: int) -> bool:
        steps = (now_ms, now_ms - STEP_MS, now_ms + STEP_MS)
        return any(
            hmac.compare_digest(
                auth_code(self.app_key, at_ms).encode(), given.encode(errors="surrogatepass")
            )
            for at_ms in steps
        )

    def _user_refusal(self, headers: Mapping[str, str]) -> Refusal | None:
        user_id = next((headers[name] for name in _USER_HEADERS if headers.get(name)), None)
        if user_id != self._user_id or self._signed_in is None:
            return Refusal("1007")
        given = headers.get("accessToken", "").encode(errors="surrogatepass")
        fits = hmac.compare_digest(given, self._signed_in.encode(errors="surrogatepass"))
        return None if fits else Refusal("1007")


def _near(timestamp: str, now_ms: int) -> bool:
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 20):
        return False
    return abs(now_ms - int(timestamp)) <= CLOCK_TOLERANCE_MS
