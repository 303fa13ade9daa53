"""Digests that more than one system uses: text in, text out, no clock and no settings."""

import base64
import hashlib
import hmac
from collections.abc import Mapping


def hmac_sha256_base64(text: str, secret: str, *, of_hex: bool = False) -> str:
    """Base64 of the HMAC-SHA256 of UTF-8 text.

    Args:
        text: what is signed.
        secret: the key, used as UTF-8 bytes.
        of_hex: encode the hex digest in place of the raw bytes, as some servers do.
    """
    mac = hmac.new(secret.encode(), text.encode(), hashlib.sha256)
    return base64.b64encode(mac.hexdigest().encode() if of_hex else mac.digest()).decode()


def md5_sorted_pairs(params: Mapping[str, str], key: str) -> str:
    """Upper-case MD5 over the non-empty `name=value` pairs in ASCII order, then `&key=…`."""
    pairs = "&".join(f"{name}={params[name]}" for name in sorted(params) if params[name])
    return hashlib.md5(f"{pairs}&key={key}".encode(), usedforsecurity=False).hexdigest().upper()
