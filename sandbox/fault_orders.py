"""Which faults can be ordered and what each may be told, so that a wrong order is explained."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple


class OrderError(ValueError):
    """The order is not one; the message says what was expected."""


class Setting(NamedTuple):
    """One thing a fault can be told."""

    fits: Callable[[object], bool]
    expected: str
    default: object = None
    required: bool = False


def _number(value: object) -> bool:
    return type(value) in {int, float} and float(str(value)) >= 0


def _whole(value: object) -> bool:
    return type(value) is int and value >= 0


def _or_null(fits: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: value is None or fits(value)


_AFTER = Setting(lambda value: isinstance(value, bool), "true or false", default=False)
_SECONDS = Setting(_number, "seconds, 0 or more", required=True)
_RETRY_AFTER = Setting(_or_null(_whole), "whole seconds or null")
SHAPES = ("bytes", "array", "string", "number", "null")

KINDS: Mapping[str, Mapping[str, Setting]] = {
    "latency": {"ms": Setting(_number, "milliseconds, 0 or more", required=True)},
    "http_status": {
        "status": Setting(
            lambda value: type(value) is int and 200 <= value <= 599,
            "a whole number from 200 to 599",
            required=True,
        ),
        "retry_after_s": _RETRY_AFTER,
        "after": _AFTER,
    },
    "reset": {"after": _AFTER},
    "hang": {"seconds": Setting(_or_null(_number), "seconds, or null for until cleared")},
    "garbage": {
        "shape": Setting(lambda value: value in SHAPES, f"one of {', '.join(SHAPES)}", "bytes"),
        "after": _AFTER,
    },
    "empty_body": {"after": _AFTER},
    "answer": {
        "body": Setting(lambda value: value is not None, "any JSON but null", required=True),
        "after": _AFTER,
    },
    "huge_body": {
        "megabytes": Setting(_number, "a number, 0 or more", default=16),
        "after": _AFTER,
    },
    "slow_drip": {
        "seconds": _SECONDS,
        "interval_ms": Setting(_number, "milliseconds, 0 or more", default=100),
    },
    "expired_token": {},
    "rotated_app_key": {},
    "throttle": {
        "per_s": Setting(_whole, "requests a second, a whole number", required=True),
        "retry_after_s": _RETRY_AFTER._replace(default=1),
    },
    "reject_item": {
        "key": Setting(lambda value: isinstance(value, str) and value != "", "text", required=True),
        "message": Setting(lambda value: isinstance(value, str), "text", default="sandbox: 拒绝"),
    },
    "answer_after_timeout": {"seconds": _SECONDS},
}

_COMMON: Mapping[str, Setting] = {
    "times": Setting(
        lambda value: value is None or (type(value) is int and value >= 1),
        "a whole number from 1, or null for until cleared",
    ),
    "rate": Setting(lambda value: _number(value) and float(str(value)) <= 1, "from 0 to 1", 1.0),
    "seed": Setting(lambda value: type(value) is int, "a whole number", 0),
    "path": Setting(lambda value: isinstance(value, str), "a part of a path", ""),
}


@dataclass(frozen=True, slots=True)
class FaultOrder:
    """A fault as it was ordered, every setting filled in."""

    kind: str
    settings: Mapping[str, object]

    def number(self, name: str) -> float:
        """A setting that is a number."""
        return float(str(self.settings[name]))

    def whole(self, name: str) -> int | None:
        """A setting that is a whole number or None."""
        value = self.settings[name]
        return value if isinstance(value, int) else None

    def text(self, name: str) -> str:
        """A setting that is text."""
        return str(self.settings[name])

    @property
    def after(self) -> bool:
        """Whether the request is processed first and only its answer is spoilt."""
        return self.settings.get("after") is True


def read_order(content: object) -> FaultOrder:
    """The order in a JSON object `{"kind": …, …}`.

    Raises:
        OrderError: the kind or a setting is unknown, missing or wrong.
    """
    if not isinstance(content, dict):
        raise OrderError('a fault is a JSON object such as {"kind": "latency", "ms": 200}')
    kind = content.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise OrderError(f"kind must be one of {', '.join(KINDS)}; it is {kind!r}")
    known = {**KINDS[kind], **_COMMON}
    unknown = [name for name in content if name != "kind" and name not in known]
    if unknown:
        raise OrderError(f"{kind} does not know {', '.join(unknown)}; it knows {', '.join(known)}")
    return FaultOrder(kind, {name: _setting(kind, name, content, known) for name in known})


def _setting(
    kind: str, name: str, content: Mapping[str, object], known: Mapping[str, Setting]
) -> object:
    setting = known[name]
    if name not in content:
        if setting.required:
            raise OrderError(f"{kind} needs {name}: {setting.expected}")
        return setting.default
    if not setting.fits(content[name]):
        raise OrderError(f"{name} must be {setting.expected}; it is {content[name]!r}")
    return content[name]
