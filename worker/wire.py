"""Text as it travels and is kept: JSON with decimals, and nothing that others cannot read."""

import json
import math
from decimal import Decimal
from typing import Any

from config.logs import mask


class NotAnEvent(ValueError):
    """What was given cannot be read as an event; the message names the field."""


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not a JSON number")


def _number(value: object) -> float | str:
    """A decimal as the JSON number of the same value, or as text where a float would round it."""
    number = float(str(value))
    return number if math.isfinite(number) and Decimal(repr(number)) == value else str(value)


# Made once: json makes a new one for each text otherwise, which takes as long as a short text.
STRICTLY: dict[str, Any] = {"parse_float": Decimal, "parse_constant": _no_constant}
READER = json.JSONDecoder(**STRICTLY)
READABLY = json.JSONEncoder(ensure_ascii=False, indent=2, default=_number)
WRITER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_number)


def read_json(text: str | bytes) -> object:
    """Read JSON with decimals in place of floats.

    Raises:
        NotAnEvent: not JSON, or JSON that no other program could write (NaN, half a surrogate).
    """
    try:
        return READER.decode(text) if isinstance(text, str) else json.loads(text, **STRICTLY)
    except RecursionError:
        raise NotAnEvent("nested too deeply") from None
    except (ValueError, ArithmeticError) as error:
        raise NotAnEvent(f"not JSON: {error}") from None


def write_json(value: object) -> str:
    """Write what read_json read, compactly; decimals are numbers again.

    Raises:
        NotAnEvent: a text holds half a surrogate pair.
    """
    text = WRITER.encode(value)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise NotAnEvent("a text holds half a surrogate pair") from None
    return text


def lay_out(value: object) -> str:
    """Write what read_json read for a person: a line for each field."""
    return READABLY.encode(value)


def storable(text: str) -> str:
    """What every database can hold of it: no NUL, no half surrogate."""
    return text.replace("\x00", "\\x00").encode("utf-8", "backslashreplace").decode()


def kept(text: str, most_bytes: int) -> str:
    """What is kept of a text: its first bytes, with secrets masked, as a database can hold it."""
    return storable(mask(text)).encode()[:most_bytes].decode("utf-8", "ignore")
