"""The kinds of value an event holds: times, amounts, ids; strict, but not about their spelling."""

import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, Field

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")  # without a summer time since 1991
RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
LOCAL = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
DECIMALS = 8
YEARS = range(2000, 2100)


def parse_moment(value: object) -> datetime:
    """Read a time as aware UTC; without an offset it is Asia/Shanghai.

    Raises:
        ValueError: neither form, or outside the years 2000 to 2099.
    """
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("a time without an offset")
        return value.astimezone(UTC)
    text = value.strip() if isinstance(value, str) else ""
    if LOCAL.fullmatch(text):
        moment = datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)
    elif RFC3339.fullmatch(text):
        moment = datetime.fromisoformat(text.upper())
    else:
        raise ValueError("expected yyyy-MM-dd HH:mm:ss or RFC 3339 with an offset")
    if moment.year not in YEARS:
        raise ValueError("the year is outside 2000 to 2099")
    return moment.astimezone(UTC)


def _text(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value


def _amount(value: object) -> object:
    """A number without the noise that adding floats leaves behind the eighth decimal."""
    if isinstance(value, bool):
        raise ValueError("expected a number, got true or false")  # noqa: TRY004 pydantic reads it
    if not isinstance(value, str | int | float | Decimal):
        return value
    try:
        text = str(value).strip()
        number = Decimal(text)
        long = len(text) > DECIMALS or "-" in text  # a short text has many decimals as 1e-9
        return round(number, DECIMALS) if long and _noisy(number) else number
    except ArithmeticError:
        raise ValueError("expected a number") from None


def _noisy(number: Decimal) -> bool:
    exponent = number.as_tuple().exponent
    return isinstance(exponent, int) and exponent < -DECIMALS


def whole(value: object) -> object:
    """A whole number given as text becomes a number; all else stays for the model to judge."""
    if isinstance(value, bool):
        raise ValueError("expected a number, got true or false")  # noqa: TRY004 pydantic reads it
    if isinstance(value, str) and re.fullmatch(r"\d{1,3}", value.strip(), re.ASCII):
        return int(value)
    return value


# What bounds a value stands next to its type, where pydantic's core checks it; after a validator of
# ours Python would.
Moment = Annotated[datetime, BeforeValidator(parse_moment)]
Text = Annotated[str, Field(max_length=512), BeforeValidator(_text)]
Id = Annotated[
    str, Field(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]+$"), BeforeValidator(_text)
]
Amount = Annotated[Decimal, Field(max_digits=20, decimal_places=DECIMALS), BeforeValidator(_amount)]
Flag = Annotated[int, Field(strict=True, ge=0, le=999_999), BeforeValidator(whole)]
