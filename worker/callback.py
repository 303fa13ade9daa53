"""One call that a vendor makes to us, as its document describes it, and what it can mean."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

from worker.events import Event, Kind


class Content(StrEnum):
    """Where a callback's arguments stand, by the media type of an OpenAPI document."""

    QUERY = "query"
    JSON = "application/json"
    FORM = "application/x-www-form-urlencoded"
    MULTIPART = "multipart/form-data"


class Told(BaseModel):
    """The arguments of a callback; what the document does not name is kept as it came."""

    model_config = ConfigDict(extra="allow", frozen=True, str_strip_whitespace=True)


@dataclass(frozen=True, slots=True)
class Called:
    """A request as it came in.

    Attributes:
        headers: names in small letters.
        fields: the arguments as they came, from the query, the form or the JSON object.
        body: the raw bytes; empty for a GET.
        clock_s: how far its own time may be from `received_at`, either way.
    """

    name: str
    query: Mapping[str, str] = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    fields: Mapping[str, object] = field(repr=False)
    body: bytes = field(repr=False)
    received_at: datetime
    clock_s: float = 300


class Refusal(Exception):
    """The callback is not taken; `http_status` says why to a machine, the message to a person."""

    def __init__(self, http_status: int, reason: str) -> None:
        super().__init__(reason)
        self.http_status = http_status
        self.reason = reason


@dataclass(frozen=True, slots=True)
class About:
    """The event that a vendor speaks of, as far as it names it.

    Attributes:
        connector_id: the connector, or the device of a record.
        occurred_at: to the second.
        status: of a connector, if it says so.
    """

    kind: Kind
    connector_id: str
    occurred_at: datetime
    status: int | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """A report that the vendor could not process.

    Attributes:
        request_id: the vendor's id of the item, under which it wants it reported again.
        failures: how often it has failed by the vendor's count.
        vendor_code: why, in the vendor's numbers.
        message: why, in its words.
        api: the call that failed.
        about: None if it cannot be told from what came.
    """

    request_id: str
    failures: int
    vendor_code: str
    message: str
    api: str
    about: About | None


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a callback brings.

    Attributes:
        subject: whom or what it is about.
        events: what happened at chargers by it, for their queues.
        failure: a report that the vendor could not process.
        sample: a past event that it asks for.
        told_at: its own time, where an older one is to be dropped once a newer one was taken.
        once: the subject stands for the whole content: a second one brings nothing new.
        reason: what a person should know of it.
    """

    subject: str | None = None
    events: Sequence[tuple[Kind, Mapping[str, object]]] = ()
    failure: Failure | None = None
    sample: About | None = None
    told_at: datetime | None = None
    once: bool = False
    reason: str = "taken"


@dataclass(frozen=True, slots=True)
class Heard:
    """What is known when a callback is read.

    Attributes:
        now: when it came in.
        before: (callback, subject) → when such a one was first taken; None if it never was.
    """

    now: datetime
    before: Callable[[str, str], datetime | None]


@dataclass(frozen=True, slots=True)
class Callback:
    """One call.

    Attributes:
        section: where the document describes it.
        method: HTTP method.
        content: where its arguments stand.
        arguments: the model of what it is given.
        admit: (system, called) → what tells this call from every other one, or None where nothing
            does; raises Refusal if it is not the vendor's, or its time is not ours.
        take: (system, arguments, heard) → what it brings; raises Refusal.
        known: what is known, and from where.
        assumed: what is assumed because nothing says it.
        also: other names that the end of its path may have.
        repeatable: whether a repetition is answered as a success; else it is refused.
        register: the operation that tells the vendor its URL; None: the vendor is told by hand.
        remove: the operation that takes the URL back.
        headers: those that carry the signature.
        show: (system, event) → a past event that was asked for, as the vendor reads it.
    """

    section: str
    method: str
    content: Content
    arguments: type[Told]
    admit: Callable[[Any, Called], str | None]
    take: Callable[[Any, Any, Heard], Meaning]
    known: str = "the document"
    assumed: str = ""
    also: Sequence[str] = field(default=())
    repeatable: bool = False
    register: str | None = None
    remove: str | None = None
    headers: Sequence[str] = field(default=())
    show: Callable[[Any, Event], object] | None = None
