"""How what the journal holds is shown: without secrets and whole plate numbers."""

import json
from contextlib import suppress

from config import plates
from config.logs import mask
from worker.wire import NotAnEvent, lay_out, read_json, storable


def masked(text: object) -> str:
    """A text, fit to be looked at."""
    return storable(plates.hide(mask(str(text))))  # no page can be sent with half a surrogate


def field(name: str, value: object) -> str:
    """A field's value: what stands behind a secret's or a plate's name is one, whatever it is."""
    before = f"{json.dumps(name)}: "
    try:
        written = json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return "nested too deeply to be shown"
    shown = masked(before + written).removeprefix(before)
    with suppress(ValueError):
        return masked(json.loads(shown)) if isinstance(value, str) else shown
    return shown


def text_of(raw: bytes) -> str:
    """Bytes that may be no text at all."""
    return masked(raw.decode("utf-8", "backslashreplace"))


def pretty(body: str) -> str:
    """A body with a line for each field, if it is JSON; its numbers keep their value."""
    with suppress(NotAnEvent, RecursionError):
        body = lay_out(read_json(body))
    return masked(body)
