"""How what the journal holds is shown: without secrets and whole plate numbers."""

from contextlib import suppress

from config import plates
from config.logs import mask
from worker.wire import NotAnEvent, lay_out, read_json


def masked(text: object) -> str:
    """A text, fit to be looked at."""
    return plates.hide(mask(str(text)))


def text_of(raw: bytes) -> str:
    """Bytes that may be no text at all."""
    return masked(raw.decode("utf-8", "backslashreplace"))


def pretty(body: str) -> str:
    """A body with a line for each field, if it is JSON; its numbers keep their value."""
    with suppress(NotAnEvent, RecursionError):
        body = lay_out(read_json(body))
    return masked(body)
