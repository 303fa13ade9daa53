"""One call of a vendor's document, as a person or a program can make it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from worker.exchange import Answer
from worker.outcomes import Outcome


class Arguments(BaseModel):
    """What an operation is given; fields carry their unit and meaning in `description`.

    On the command line and in JSON the names are camelCase, the document's own where it has some.
    """

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="forbid",
        frozen=True,
        str_strip_whitespace=True,
    )


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of a call.

    Attributes:
        outcome: what the answer means, with a sentence.
        data: what the answer brings, read; None if it brings nothing.
    """

    outcome: Outcome
    data: object = None


@dataclass(frozen=True, slots=True)
class Follow:
    """How to follow what a call began until it is done or has failed.

    Attributes:
        operation: which operation asks.
        arguments: what to ask with, from the first call's arguments and its reply; None when
            there is nothing to follow.
        done: whether a reply to that says that it is over.
        every_s: seconds between two askings.
        at_most: askings before giving up.
    """

    operation: str
    arguments: Callable[[Any, Reply], Mapping[str, object] | None]
    done: Callable[[Reply], bool]
    every_s: float = 2.0
    at_most: int = 150


@dataclass(frozen=True, slots=True)
class Operation:
    """One call.

    Attributes:
        section: where the document describes it.
        method: HTTP method.
        path: as the document writes it; what is filled in stands in braces.
        arguments: the model of what it is given.
        request: (system, arguments) → the unsigned request; raises ValueError with a sentence
            where the vendor's settings do not allow it.
        read: (system, answer) → the reply.
        known: what is known, and from where.
        assumed: what is assumed because nothing says it; empty if nothing is.
        signed: whether the system's `auth` signs it; the call that fetches credentials is not.
        repeatable: whether it may be sent again after an unclear answer; a person is told.
        follow: how to follow what it began.
    """

    section: str
    method: str
    path: str
    arguments: type[Arguments]
    request: Callable[[Any, Any], requests.Request]
    read: Callable[[Any, Answer], Reply]
    known: str = "the document"
    assumed: str = ""
    signed: bool = True
    repeatable: bool = True
    follow: Follow | None = field(default=None)
