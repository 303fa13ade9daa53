"""Telling what an item of a queue holds: one event, several, or something that is none.

Four forms are read: a JSON object, an array of objects, a kombu envelope around either, and a
Celery message (protocol 2) whose first argument, or `event=`/`events=`, is either.
"""

import base64
import logging
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta

from worker.events import TRACE_CONTEXT, Event, Kind, parse
from worker.journal.accept import Arrival, Unread
from worker.wire import NotAnEvent, read_json, write_json

log = logging.getLogger(__name__)

ID_CHARS = 128
TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
TRACESTATE_CHARS = 512
TASKS = {kind: f"tasks.{kind.value.replace('-', '_')}" for kind in Kind}


class Reader:
    """Reads the items of one queue."""

    def __init__(
        self, kind: Kind, *, item_max_bytes: int, keep_bytes: int, status_future_s: float
    ) -> None:
        self._kind = kind
        self._item_max_bytes = item_max_bytes
        self._keep_bytes = keep_bytes
        self._future = timedelta(seconds=status_future_s)

    def read(self, items: list[bytes], now: datetime) -> tuple[list[Arrival], list[Unread]]:
        """Sort items into events and what could not be read. Never raises for an item."""
        arrivals: list[Arrival] = []
        unread: list[Unread] = []
        for item in items:
            try:
                for given in self._unwrap(item):
                    self._read_event(given, item, now, arrivals, unread)
            except NotAnEvent as error:
                unread.append(self._unread(str(error), item))
            except Exception as error:  # one odd item must not stop a queue
                log.exception("an item of %s cannot be read", self._kind)
                unread.append(self._unread(f"our fault, see the log: {error}", item))
        return arrivals, unread

    def set_aside(
        self,
        arrivals: list[Arrival],
        unread: list[Unread],
        fault: Callable[[Arrival], str | None],
    ) -> tuple[list[Arrival], list[Unread]]:
        """Move the events that the journal cannot hold to the unread, each with its fault."""
        kept, aside = [], list(unread)
        for arrival in arrivals:
            reason = fault(arrival)
            if reason is None:
                kept.append(arrival)
            else:
                aside.append(self._unread(f"cannot be stored: {reason}", arrival.body.encode()))
        return kept, aside

    def _unwrap(self, item: bytes) -> Iterator[object]:
        if len(item) > self._item_max_bytes:
            raise NotAnEvent(f"{len(item)} bytes; an item may have {self._item_max_bytes}")
        value = _json(item)
        if isinstance(value, Mapping) and "body" in value and "properties" in value:
            value = self._open_envelope(value)
        if isinstance(value, list):
            if not value:
                raise NotAnEvent("an empty array")
            return iter(value)
        return iter([value])

    def _open_envelope(self, envelope: Mapping[str, object]) -> object:
        content_type = envelope.get("content-type")
        if content_type != "application/json":
            raise NotAnEvent(f"content-type is {content_type}, expected application/json")
        encoding = envelope.get("content-encoding")
        if encoding not in ("utf-8", "UTF-8", None):
            raise NotAnEvent(f"content-encoding is {encoding}, expected utf-8")
        headers, properties = envelope.get("headers"), envelope.get("properties")
        headers = headers if isinstance(headers, Mapping) else {}
        properties = properties if isinstance(properties, Mapping) else {}
        if headers.get("compression"):
            raise NotAnEvent(f"compressed with {headers['compression']}; send it plain")
        body = _json(_body(envelope.get("body"), properties.get("body_encoding")))
        content = self._argument(body, headers["task"]) if "task" in headers else body
        return _in_its_trace(content, headers) if "traceparent" in headers else content

    def _argument(self, body: object, task: object) -> object:
        if task != TASKS[self._kind]:
            raise NotAnEvent(f"task {task} does not belong on the queue {self._kind}")
        match body:
            case [[first, *_], dict(), *_]:
                return first
            case [_, {"event": given}, *_] | [_, {"events": given}, *_]:
                return given
            case _:
                raise NotAnEvent("the task has no first argument, event= or events=")

    def _read_event(
        self,
        given: object,
        item: bytes,
        now: datetime,
        arrivals: list[Arrival],
        unread: list[Unread],
    ) -> None:
        try:
            event = parse(self._kind, given)
            self._check_clock(event, now)
            arrivals.append(Arrival(event, write_json(given)))
        except RecursionError:
            unread.append(self._unread("nested too deeply", item, given))
        except NotAnEvent as error:
            unread.append(self._unread(str(error), _raw(given), given))

    def _check_clock(self, event: Event, now: datetime) -> None:
        """A status from the future would silence its connector until then."""
        if self._kind is Kind.CONNECTOR_STATUS and event.occurred_at > now + self._future:
            raise NotAnEvent(
                f"updateTime: {event.occurred_at.isoformat()} lies in the future; "
                "is it in another time zone?"
            )

    def _unread(self, reason: str, raw: bytes, given: object = None) -> Unread:
        return Unread(_printable(reason), raw[: self._keep_bytes], len(raw), _subject(given))


def _json(raw: bytes) -> object:
    try:
        return read_json(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise NotAnEvent(f"not UTF-8 at byte {error.start}") from None


def _body(body: object, encoding: object) -> bytes:
    if not isinstance(body, str):
        raise NotAnEvent("body: expected text")
    try:
        if encoding == "base64":
            return base64.b64decode(body, validate=True)
        return body.encode()
    except ValueError:
        raise NotAnEvent(f"body: cannot be decoded as {encoding or 'utf-8'}") from None


def _in_its_trace(content: object, headers: Mapping[str, object]) -> object:
    """The events as if the producer had written into each what its message says of the trace."""
    parent, state = (headers.get(name) for name in TRACE_CONTEXT)
    if not isinstance(parent, str) or not TRACEPARENT.fullmatch(parent):
        return content
    context = {"traceparent": parent}
    if isinstance(state, str) and len(state) <= TRACESTATE_CHARS:
        context["tracestate"] = state

    def traced(one: object) -> object:
        untraced = isinstance(one, dict) and "traceparent" not in one
        return {**one, **context} if untraced and isinstance(one, dict) else one

    return [traced(one) for one in content] if isinstance(content, list) else traced(content)


def _raw(given: object) -> bytes:
    try:
        return write_json(given).encode()
    except NotAnEvent:
        return repr(given).encode("ascii", "backslashreplace")


def _subject(given: object) -> str | None:
    """Whom an object seems to be about, by which a person finds it in the log."""
    if not isinstance(given, Mapping):
        return None
    found = (given.get(name) for name in ("orderNo", "warningId", "connectorId"))
    return next((str(value)[:ID_CHARS] for value in found if isinstance(value, str | int)), None)


def _printable(reason: str) -> str:
    """What every database can store: no NUL, no half surrogate, not endless."""
    return reason[:2000].encode("utf-8", "backslashreplace").decode().replace("\x00", "\\x00")
