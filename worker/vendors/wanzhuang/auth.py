"""app_id, timestamp and sign, which every call carries among its parameters (接入指引)."""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import requests
from requests.auth import AuthBase

from worker.vendors.wanzhuang.settings import SignScheme, WanzhuangSettings

Pairs = Iterable[tuple[str, str]]


class AppAuth(AuthBase):
    """Signs at the moment of sending: the query of a GET, the JSON body of a POST."""

    def __init__(self, settings: WanzhuangSettings, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._clock = clock

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the three parameters."""
        own: dict[str, str | int] = {
            "app_id": self._settings.app_id,
            "timestamp": int(self._clock().timestamp()),
        }
        if r.body is None:
            where = urlsplit(str(r.url))
            pairs = [*parse_qsl(where.query, keep_blank_values=True), *as_pairs(own)]
            r.url = urlunsplit(where._replace(query=urlencode(pairs + self._sign(pairs))))
        else:
            told = json.loads(r.body) | own
            r.body = json.dumps(told | dict(self._sign(as_pairs(told)))).encode()
        return r

    def _sign(self, pairs: Pairs) -> list[tuple[str, str]]:
        own = self._settings
        signed = sign(pairs, own.app_secret.get_secret_value(), own.sign_scheme)
        return [("sign", signed)] if signed else []


def sign(pairs: Pairs, secret: str, scheme: SignScheme) -> str:
    """The sign over all parameters but `sign` and those that are empty; "" for the scheme none.

    A name that is given several times counts each time.
    """
    told = sorted(((k, v) for k, v in pairs if v and k != "sign"), key=lambda pair: pair[0])
    text = "&".join(f"{name}={value}" for name, value in told)
    match scheme:
        case "none":
            return ""
        case "md5_sorted_key":
            keyed = f"{text}&key={secret}".encode()
            return hashlib.md5(keyed, usedforsecurity=False).hexdigest().upper()
        case "hmac_sha256_sorted":
            return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def as_pairs(told: Mapping[str, object]) -> list[tuple[str, str]]:
    """JSON values as the sign takes them: numbers as written, true and false in small letters."""
    return [
        (name, value if isinstance(value, str) else json.dumps(value))
        for name, value in told.items()
    ]
