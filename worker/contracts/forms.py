"""The four forms that an item of a queue may have: their schemas, and one good item of each."""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from worker.contracts.schemas import TRACED, sample
from worker.contracts.spelling import Schema
from worker.events import Kind
from worker.intake.read import TASKS

JSON = "application/json"
TASK_ID = "7c1e0f6e-4f6b-4f0e-9f4e-0d6f3a1b2c3d"


@dataclass(frozen=True, slots=True)
class Form:
    """One form.

    Attributes:
        summary: what it is, in a sentence.
        schema: of the item.
        example: a good item.
    """

    summary: str
    schema: Callable[[Kind], Schema]
    example: Callable[[Kind], object]


def _one(kind: Kind) -> Schema:
    return {"$ref": f"./{kind}.json"}


def _several(kind: Kind) -> Schema:
    return {"type": "array", "minItems": 1, "items": _one(kind)}


def _either(kind: Kind) -> Schema:
    return {"anyOf": [_one(kind), _several(kind)]}


def _named(kind: Kind, name: str) -> Schema:
    return {"type": "object", "required": [name], "properties": {name: _either(kind)}}


def _arguments(kind: Kind) -> Schema:
    """What Celery sends: [args, kwargs, options]."""
    first = {"type": "array", "minItems": 1, "prefixItems": [_either(kind)]}
    by_place = {"type": "array", "minItems": 2, "prefixItems": [first, {"type": "object"}]}
    by_name = {
        "type": "array",
        "minItems": 2,
        "prefixItems": [
            {"type": "array", "maxItems": 0},
            {"anyOf": [_named(kind, "event"), _named(kind, "events")]},
        ],
    }
    return {"anyOf": [by_place, by_name]}


def _envelope(content: Schema, headers: Schema) -> Schema:
    return {
        "type": "object",
        "required": ["body", "content-type", "properties"],
        "properties": {
            "body": {
                "description": "The content as JSON; in base64 where body_encoding says so.",
                "type": "string",
                "contentMediaType": JSON,
                "contentSchema": content,
            },
            "content-type": {"const": JSON},
            "content-encoding": {"enum": ["utf-8", "UTF-8", None]},
            "headers": headers,
            "properties": {
                "type": "object",
                "properties": {"body_encoding": {"enum": ["base64", None]}},
            },
        },
    }


def _kombu(kind: Kind) -> Schema:
    plain = {
        "type": "object",
        "properties": {"compression": {"enum": [None, ""]}, "task": False, **TRACED},
    }
    return _envelope(_either(kind), plain)


def _celery(kind: Kind) -> Schema:
    task = {
        "type": "object",
        "required": ["task"],
        "properties": {
            "compression": {"enum": [None, ""]},
            "task": {"const": TASKS[kind]},
            **TRACED,
        },
    }
    schema = _envelope(_arguments(kind), task)
    return {**schema, "required": [*schema["required"], "headers"]}


def _enveloped(kind: Kind, content: object, headers: Mapping[str, object]) -> dict[str, Any]:
    return {
        "body": base64.b64encode(json.dumps(content, ensure_ascii=False).encode()).decode(),
        "content-encoding": "utf-8",
        "content-type": JSON,
        "headers": headers,
        "properties": {
            "delivery_mode": 2,
            "delivery_info": {"exchange": "", "routing_key": kind.value},
            "priority": 0,
            "body_encoding": "base64",
            "delivery_tag": TASK_ID,
        },
    }


FORMS: Mapping[str, Form] = {
    "event": Form("One event, as a JSON object.", _one, sample),
    "events": Form(
        "Several events in one array. One that cannot be read does not keep the others.",
        _several,
        lambda kind: [sample(kind)],
    ),
    "envelope": Form(
        "What kombu puts on a list: an event or an array of them, in an envelope.",
        _kombu,
        lambda kind: _enveloped(kind, sample(kind), {}),
    ),
    "task": Form(
        "A Celery message, protocol 2. Its first argument, or `event=` or `events=`, is an event "
        "or an array of them.",
        _celery,
        lambda kind: _enveloped(
            kind, [[sample(kind)], {}, {}], {"lang": "py", "task": TASKS[kind], "id": TASK_ID}
        ),
    ),
}
