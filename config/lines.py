"""How a line of the log is written: for people, or as JSON for whoever collects them.

Values are hidden before they are rendered, so that a JSON line stays valid; structlog brings the
records of every library into the same form.
"""

import json
import logging
import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from structlog.processors import format_exc_info
from structlog.stdlib import ProcessorFormatter
from structlog.typing import EventDict, Processor

Hide = Callable[[str], str]
BARE = re.compile(r"""[^\s\x00-\x20\x7f"'=\[\]{}]+""")
MOST_DEEP = 8
PLAIN = (int, bool)
STARS = "***"
DUMPS = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def formatter(form: str, hide: Hide) -> logging.Formatter:
    """Writes records of any logger, as `console` or `json`.

    A record may bring more than its sentence: `extra={"fields": {...}}`.

    Args:
        form: one of the two words.
        hide: takes out of a text what nobody may see.
    """
    end: list[Processor] = [_as_json if form == "json" else _for_a_console]
    return ProcessorFormatter(
        foreign_pre_chain=[_fields],
        processors=[format_exc_info, _Shown(hide), *end],
    )


def _fields(_logger: object, _method: str, line: EventDict) -> EventDict:
    brought = getattr(line["_record"], "fields", None)
    return {**brought, **line} if isinstance(brought, Mapping) else line


class _Shown:
    """When, how grave, who, what; then the rest. Nothing takes the places of these four.

    In every value is hidden what nobody may see, and all that stands under a telling name.
    """

    def __init__(self, hide: Hide) -> None:
        self._hide = hide
        self._telling = lru_cache(1024)(lambda name: hide(f"{name}=x") != f"{name}=x")

    def __call__(self, _logger: object, _method: str, line: EventDict) -> EventDict:
        record: logging.LogRecord = line.pop("_record")
        del line["_from_structlog"]
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        first = {
            "timestamp": f"{at[:-6]}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": self._hide(line.pop("event")),
        }
        shown = {n: self._hidden(n, v, MOST_DEEP) for n, v in line.items() if n not in first}
        return first | shown

    def _hidden(self, name: str, value: object, deep: int) -> object:
        if type(value) in PLAIN:
            return STARS if self._telling(name) else value
        if isinstance(value, str):
            return STARS if value and self._telling(name) else self._hide(value)
        if value is None:
            return None
        if isinstance(value, list | tuple | set | frozenset) and deep:
            return [self._hidden(name, one, deep - 1) for one in value]
        if isinstance(value, dict) and deep:
            named = [(str(key), content) for key, content in value.items()]
            return {self._hide(key): self._hidden(key, c, deep - 1) for key, c in named}
        plain = isinstance(value, float) and math.isfinite(value)
        return STARS if self._telling(name) else value if plain else self._hide(str(value))


def _as_json(_logger: object, _method: str, line: EventDict) -> str:
    return _writable(DUMPS(line))


def _for_a_console(_logger: object, _method: str, line: EventDict) -> str:
    """The time, the level, the logger and the sentence; then what else is known, and tracebacks."""
    parts = [line.pop("timestamp"), line.pop("level").upper(), line.pop("logger")]
    parts.append(line.pop("event"))
    below = [line.pop(name) for name in ("exception", "stack_info") if line.get(name)]
    parts += [f"{name}={_bare(value)}" for name, value in line.items() if value is not None]
    return _writable("\n".join([" ".join(parts), *below]))


def _bare(value: Any) -> str:  # noqa: ANN401 what JSON can hold
    """Without quotes where none are needed to see its end."""
    if type(value) is int:
        return str(value)
    return value if isinstance(value, str) and BARE.fullmatch(value) else DUMPS(value)


def _writable(text: str) -> str:
    """Half a surrogate pair as JSON escapes it: no stream could write it."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()
