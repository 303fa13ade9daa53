"""The sign of the pile cloud, document 001, whose seed leaves the rule open: three to choose from.

All rules take the parameters that are not empty, without `sign`, sorted by name, as `k=v` joined
with `&`. A parameter sent several times counts each time, in the order in which it was sent.
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

Pairs = Sequence[tuple[str, str]]


def pairs_of(body: Mapping[str, object]) -> list[tuple[str, str]]:
    """The parameters of a JSON body as text; true and false in small letters, null as nothing."""
    return [(name, _text(value)) for name, value in body.items()]


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | Decimal | str):
        return str(value)
    return ""


def _joined(pairs: Pairs) -> str:
    told = [(name, value) for name, value in pairs if value and name != "sign"]
    return "&".join(f"{name}={value}" for name, value in sorted(told, key=lambda pair: pair[0]))


def _unsigned(pairs: Pairs, secret: str) -> str:
    return ""


def _md5_sorted_key(pairs: Pairs, secret: str) -> str:
    signed = f"{_joined(pairs)}&key={secret}".encode(errors="surrogatepass")
    return hashlib.md5(signed).hexdigest().upper()


def _hmac_sha256_sorted(pairs: Pairs, secret: str) -> str:
    signed = _joined(pairs).encode(errors="surrogatepass")
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


SCHEMES: Mapping[str, Callable[[Pairs, str], str]] = {
    "none": _unsigned,
    "md5_sorted_key": _md5_sorted_key,
    "hmac_sha256_sorted": _hmac_sha256_sorted,
}


def signature(scheme: str, pairs: Pairs, secret: str) -> str:
    """The sign of these parameters; empty for the scheme `none`."""
    return SCHEMES[scheme](pairs, secret)
