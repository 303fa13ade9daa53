"""Whether two contents of one event are the same by value: looked at when an identity comes again.

An event is new far more often than it is not, so nothing is kept for the comparison but its text.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from worker.events import Event, Kind, parse
from worker.wire import NotAnEvent, read_json


def hash_of(event: Event, body: str) -> str:
    """Of an event with its text: how a value was written does not matter."""
    try:
        return event.content_hash()
    except RecursionError:  # nested more deeply than values can be compared
        return _of_text(body)


def hash_of_kept(kind: Kind, body: str) -> str:
    """Of an event's text in the journal."""
    try:
        return hash_of(parse(kind, read_json(body)), body)
    except NotAnEvent:  # another version of this program took it
        return _of_text(body)


def _of_text(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()


def differing(conflict: Mapping[Any, Any]) -> list[tuple[str, object, object]]:
    """The fields in which a conflict's two contents differ: name, first, second.

    Without a name: two contents that cannot be read by fields.

    Args:
        conflict: its row, with its event's body as `event_body`; whichever content is the event's
            by now.
    """
    texts = [conflict["event_body"], conflict["body"]]
    if conflict["decision"] == "replaced":
        texts.reverse()
    try:
        first, second = (dict(json.loads(text, parse_float=str)) for text in texts)
        return [
            (field, first.get(field, ""), second.get(field, ""))
            for field in first | second
            if first.get(field) != second.get(field)
        ]
    except (ValueError, TypeError, RecursionError):  # nested too deeply, say
        return [("", *texts)]
