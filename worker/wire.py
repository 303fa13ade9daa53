"""JSON as it travels: decimals in place of floats, and nothing that others cannot read."""

import json
import math
from decimal import Decimal


class NotAnEvent(ValueError):
    """What was given cannot be read as an event; the message names the field."""


def read_json(text: str | bytes) -> object:
    """Read JSON with decimals in place of floats.

    Raises:
        NotAnEvent: not JSON, or JSON that no other program could write (NaN, half a surrogate).
    """
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_no_constant)
    except RecursionError:
        raise NotAnEvent("nested too deeply") from None
    except (ValueError, ArithmeticError) as error:
        raise NotAnEvent(f"not JSON: {error}") from None


def write_json(value: object) -> str:
    """Write what read_json read, compactly; decimals are numbers again.

    Raises:
        NotAnEvent: a text holds half a surrogate pair.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_number)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise NotAnEvent("a text holds half a surrogate pair") from None
    return text


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not a JSON number")


def _number(value: object) -> float | str:
    """A decimal as the JSON number of the same value, or as text where a float would round it."""
    number = float(str(value))
    return number if math.isfinite(number) and Decimal(repr(number)) == value else str(value)
