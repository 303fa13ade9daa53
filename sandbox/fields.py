"""Checks of a body's fields, strict about types, shared by the systems that check them.

A check takes a value and returns what is wrong with it, or None.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

Check = Callable[[object], str | None]

_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")


def parse_moment(value: str) -> datetime | None:
    """A naive time from `yyyy-MM-dd HH:mm:ss`, or None when it is not exactly that."""
    if not _MOMENT.fullmatch(value):
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None


def text(value: object) -> str | None:
    """A string that is not empty."""
    if not isinstance(value, str):
        return "应为字符串"
    return None if value else "不能为空"


def moment(value: object) -> str | None:
    """A string `yyyy-MM-dd HH:mm:ss`."""
    if complaint := text(value):
        return complaint
    return None if parse_moment(str(value)) else "格式应为yyyy-MM-dd HH:mm:ss"


def integer(value: object) -> str | None:
    """A whole number, neither a string nor true or false."""
    return None if type(value) is int else "应为整数"


def number(decimals: int) -> Check:
    """A number with at most so many decimals."""

    def check(value: object) -> str | None:
        if type(value) is int:
            return None
        if not isinstance(value, Decimal):
            return "应为数字"
        exponent = value.as_tuple().exponent
        too_fine = isinstance(exponent, int) and -exponent > decimals
        return f"最多{decimals}位小数" if too_fine else None

    return check


def one_of(*allowed: object) -> Check:
    """One of these values and of their type."""

    def check(value: object) -> str | None:
        fits = any(type(value) is type(one) and value == one for one in allowed)
        return None if fits else f"应为{'、'.join(map(str, allowed))}之一"

    return check


def flag(value: object) -> str | None:
    """True or false."""
    return None if isinstance(value, bool) else "应为布尔值"


def any_text(value: object) -> str | None:
    """A string, which may be empty."""
    return None if isinstance(value, str) else "应为字符串"


def list_of(check: Check) -> Check:
    """A list of values that each pass a check; what is wrong is numbered from 1."""

    def check_all(value: object) -> str | None:
        if not isinstance(value, list):
            return "应为数组"
        for place, one in enumerate(value, start=1):
            if wrong := check(one):
                return f"第{place}个{wrong}"
        return None

    return check_all


def object_like(form: "Form") -> Check:
    """An object whose fields pass a form."""
    return lambda value: form.complaint(value) if isinstance(value, dict) else "应为对象"


def left_empty(value: object) -> str | None:
    """Absent, null or an empty string."""
    return None if value is None or value == "" else "应为空"


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a body: required ones must be there, optional ones may be absent or null."""

    required: Mapping[str, Check]
    optional: Mapping[str, Check]

    def complaint(self, body: Mapping[str, object]) -> str | None:
        """The first field that is wrong, named, or None."""
        for name, check in self.required.items():
            value = body.get(name)
            wrong = "不能为空" if value is None else check(value)
            if wrong:
                return name + wrong
        for name, check in self.optional.items():
            value = body.get(name)
            if value is not None and (wrong := check(value)):
                return name + wrong
        return None
