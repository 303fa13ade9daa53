"""Who may call the charging station platform: clock, signature and token of document 000.

Signature: base64 of the HMAC-SHA256 over the header lines, the secret as UTF-8. Every refusal is
a sentence; the platform sends it with HTTP 200 and status -1.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone

from sandbox.fields import parse_moment
from sandbox.tokens import Tokens

SHANGHAI = timezone(timedelta(hours=8))
CLOCK_TOLERANCE_S = 300
NOT_THIS_OPERATOR = "运营商id不为授权运营商"


def signature(secret: str, lines: str, encoding: str = "raw") -> str:
    """The signature of these lines; `hex` is what a server does that signs the hex digest."""
    mac = hmac.new(secret.encode(), lines.encode("utf-8", "surrogateescape"), hashlib.sha256)
    signed = mac.digest() if encoding == "raw" else mac.hexdigest().encode()
    return base64.b64encode(signed).decode()


def shanghai_now() -> str:
    """The platform's wall clock."""
    return datetime.now(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")


class OperatorDoor:
    """Lets in the calls of one operator."""

    def __init__(self, operator_id: str, secret: str, encoding: str, tokens: Tokens) -> None:
        """Check calls of `operator_id`, signed with `secret`; encoding is `raw` or `hex`."""
        self.operator_id = operator_id
        self._secret = secret
        self._encoding = encoding
        self._tokens = tokens

    def complaint(self, headers: Mapping[str, str], *, token_needed: bool = True) -> str | None:
        """Why this call is refused, or None."""
        names = ("Datetime", "OperatorId", *(("Token",) if token_needed else ()))
        for name in (*names, "Signature"):
            if not headers.get(name):
                return f"请求头{name}不能为空"
        if headers["OperatorId"] != self.operator_id:
            return "运营商secret不存在"
        if not _within_tolerance(headers["Datetime"]):
            return "权限错误：datetime不在5分钟内"
        expected = self._signature({name: headers[name] for name in names})
        given = headers["Signature"].encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(expected.encode(), given):
            return "签名有误"
        if token_needed and not self._tokens.valid(headers["Token"]):
            return "token 已过期"
        return None

    def headers(self) -> dict[str, str]:
        """The headers of a call to the operator, signed now; the token is one that it was given."""
        signed = {
            "Datetime": shanghai_now(),
            "OperatorId": self.operator_id,
            "Token": self._tokens.newest() or "none",
        }
        return signed | {"Signature": self._signature(signed)}

    def _signature(self, headers: Mapping[str, str]) -> str:
        lines = "\n".join(f"{name.lower()}: {value}" for name, value in headers.items())
        return signature(self._secret, lines, self._encoding)


def _within_tolerance(header: str) -> bool:
    told = parse_moment(header)
    if told is None:
        return False
    away = datetime.now(UTC) - told.replace(tzinfo=SHANGHAI)
    return abs(away.total_seconds()) <= CLOCK_TOLERANCE_S
