"""The AuthCode of the gateway: a time-based one-time password, RFC 6238 (AuthCode生成方式)."""

import hashlib
import hmac
import struct

STEP_MS = 60_000
DIGITS = 8


def auth_code(app_key: str, at_ms: int) -> str:
    """Eight digits that hold for the minute of a time in milliseconds since 1970.

    The key is used as text, although it looks like hex. The document's sample keeps the number of
    minutes in 32 bits; that makes no difference before the year 6053.
    """
    counter = struct.pack(">Q", at_ms // STEP_MS)
    mac = hmac.new(app_key.encode("ascii"), counter, hashlib.sha256).digest()
    (number,) = struct.unpack_from(">I", mac, mac[-1] & 0xF)
    return f"{(number & 0x7FFFFFFF) % 10**DIGITS:0{DIGITS}d}"
