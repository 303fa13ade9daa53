"""Reading answers of the common shape {"code", "message" or "msg", …}."""

import re
from collections.abc import Callable, Mapping, Sequence

from worker.exchange import Answer
from worker.outcomes import Outcome
from worker.wire import NotAnEvent, read_json

REASON_CHARS = 300

Means = Callable[[str, str], Outcome]
Words = Sequence[tuple[re.Pattern[str], Means]]


def fields(answer: Answer) -> Mapping[str, object]:
    """The answer's JSON object, decimals as such; empty where it is none."""
    try:
        body = None if answer.cut else read_json(answer.body)
    except NotAnEvent:
        return {}
    return body if isinstance(body, dict) else {}


def code(body: Mapping[str, object]) -> int | None:
    """Its `code`, a number or digits; None where it has none."""
    given = body.get("code")
    if isinstance(given, str) and re.fullmatch(r"-?[0-9]{1,9}", given):
        return int(given)
    if isinstance(given, bool) or not isinstance(given, int):
        return None
    return given if abs(given) < 10**9 else None


def told(body: Mapping[str, object], answer: Answer) -> str:
    """Its sentence."""
    for name in ("msg", "message", "error"):
        if value := body.get(name):
            return (value if isinstance(value, str) else answer.text()).strip()[:REASON_CHARS]
    return ""


def by_words(words: Words, sentence: str, otherwise: Means) -> Means:
    """What the first pattern that the sentence matches means."""
    return next((means for pattern, means in words if pattern.search(sentence)), otherwise)
