"""What intake accepts for each kind of value, as JSON Schemas.

A schema may be a little narrower than the intake, never wider: what it allows is read, but for what
its description names. Patterns keep to what every dialect of regular expressions has.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from worker.events import RISK_LEVELS, ConnectorState, RiskLevel, State
from worker.fields import Amount, Flag, Id, Moment, Text

Schema = Mapping[str, Any]

MOST = 99_999_999_999
MONTH_DAY = r"(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
TIME = r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
OFFSET = r"([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
LEVELS = ("high", "medium", "low")
TRUTHS = ("true", "false", "yes", "no", "on", "off")


def _any_case(words: Iterable[str]) -> str:
    """One of the words, in capital or small letters."""
    return "|".join("".join(f"[{c.upper()}{c}]" for c in word) for word in words)


def _numbers(numbers: Iterable[int]) -> str:
    """One of the numbers in at most three digits, zeros before it among them."""
    return "|".join(f"0{{0,{3 - len(str(number))}}}{number}" for number in numbers)


ABSENT: Schema = {
    "description": "Null and an empty text count as absent.",
    "enum": [None, ""],
}

SPELLINGS: Mapping[str, tuple[object, Schema]] = {
    "id": (
        Id,
        {
            "description": "An identifier: text without control characters, or a whole number in "
            "digits alone, which becomes its text. Spaces around it are removed. A number of more "
            "than 15 digits should be given as text: many programs round it.",
            "examples": ["395815801", 395815801],
            "anyOf": [
                {
                    "type": "string",
                    "maxLength": 128,
                    "pattern": r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f-\x85][^\x00-\x1f\x7f]*$",
                },
                {"type": "integer", "minimum": -1e100, "maximum": 1e100},
            ],
        },
    ),
    "text": (
        Text,
        {
            "description": "A text; a whole number becomes its text. Spaces around it are removed.",
            "examples": ["沪A12345", "2"],
            "anyOf": [
                {"type": "string", "maxLength": 512, "pattern": r"^[^\x00]*$"},
                {"type": "integer", "minimum": -1e100, "maximum": 1e100},
            ],
        },
    ),
    "amount": (
        Amount,
        {
            "description": "A decimal number, as text or as a number; text keeps every digit. What "
            "stands behind the eighth decimal is rounded.",
            "examples": ["12.30", 12.3],
            "anyOf": [
                {"type": "number", "minimum": -MOST, "maximum": MOST},
                {"type": "string", "pattern": r"^ *[+-]?[0-9]{1,11}(\.[0-9]+)? *$"},
            ],
        },
    ),
    "moment": (
        Moment,
        {
            "description": "yyyy-MM-dd HH:mm:ss, which is Asia/Shanghai, or RFC 3339 with an "
            "offset; of the years 2000 to 2099. A day that does not exist, as 30 February, is "
            "refused, which this schema cannot say.",
            "examples": ["2026-11-21 09:30:00", "2026-11-21T09:30:00+08:00"],
            "type": "string",
            "pattern": rf"^ *20[0-9]{{2}}-{MONTH_DAY}( {TIME}|[Tt ]{TIME}(\.[0-9]+)?{OFFSET}) *$",
        },
    ),
    "flag": (
        Flag,
        {
            "description": "A number as vendors count, in digits alone; as text up to three.",
            "examples": [10, "10"],
            "anyOf": [
                {"type": "integer", "minimum": 0, "maximum": 999_999},
                {"type": "string", "pattern": "^ *[0-9]{1,3} *$"},
            ],
        },
    ),
    "state": (
        State,
        {
            "description": ", ".join(f"{state} {state.name.lower()}" for state in ConnectorState)
            + "; as a number or as text.",
            "examples": [3, "3"],
            "anyOf": [
                {"enum": [int(state) for state in ConnectorState]},
                {"type": "string", "pattern": f"^ *({_numbers(ConnectorState)}) *$"},
            ],
        },
    ),
    "riskLevel": (
        RiskLevel,
        {
            "description": f"{', '.join(LEVELS)} in capital or small letters, or "
            f"{', '.join(RISK_LEVELS)}; 风险 may follow.",
            "examples": [*LEVELS, *RISK_LEVELS, "高风险"],
            "type": "string",
            "pattern": f"^ *({_any_case(LEVELS)}|[{''.join(RISK_LEVELS)}])(风险)? *$",
        },
    ),
    "truth": (
        bool,
        {
            "description": "True or false; 1 and 0, and the words of it, are read as well.",
            "examples": [True, False],
            "anyOf": [
                {"type": "boolean"},
                {"enum": [0, 1]},
                {"type": "string", "pattern": f"^([01]|{_any_case(TRUTHS)})$"},
            ],
        },
    ),
}
