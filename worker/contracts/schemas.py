"""A JSON Schema (draft 2020-12) of each kind of event, as a producer may publish it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args, get_type_hints

from pydantic import AliasChoices
from pydantic.fields import FieldInfo

import config
from worker.contracts.spelling import ABSENT, SPELLINGS, Schema
from worker.events import MODELS, Event, Kind

DIALECT = "https://json-schema.org/draft/2020-12/schema"
WRITTEN = "Written by `make docs` from worker/events.py; do not edit."
SAMPLES = Path(config.__file__).parent / "samples.jsonl"

ONE_OF: Mapping[Kind, Sequence[str]] = {Kind.CHARGE_RECORD: ("connectorId", "deviceId")}
BEYOND = (
    "Fields that are not named here are kept and passed on; null and an empty text count as "
    "absent. What no schema can say: times must exist in the calendar, a whole number is written "
    "without a point or an exponent, no text holds half a surrogate pair, and the whole is nested "
    "less than some hundred deep."
)
TRACED: Mapping[str, Schema] = {
    "traceparent": {
        "description": "The trace that it is published in, by W3C Trace Context: "
        "00-TRACE-SPAN-FLAGS in hexadecimal digits. It is no part of "
        "the content: the same order in another trace is a duplicate. No vendor is told of it.",
    },
    "tracestate": {"description": "What belongs to traceparent, likewise."},
}
AHEAD = "An updateTime that lies ahead (RELAY_STATUS_FUTURE_S, ten minutes) is refused as well."


def schema(kind: Kind) -> dict[str, Any]:
    """What intake reads as an event of that kind."""
    model = MODELS[kind]
    properties = dict(_properties(model)) | dict(TRACED)
    return {
        "$schema": DIALECT,
        "$comment": WRITTEN,
        "title": kind.value,
        "description": _description(model),
        "type": "object",
        "properties": properties,
        "required": [
            _aliases(field)[0] for field in model.model_fields.values() if field.is_required()
        ],
        **_one_of(kind),
        "additionalProperties": True,
        "examples": [sample(kind)],
        "$defs": dict(_definitions(properties)),
    }


def sample(kind: Kind) -> dict[str, Any]:
    """Of the sample events the one with the most fields."""
    lines = map(json.loads, SAMPLES.read_text("utf-8").splitlines())
    events = [line for line in lines if line.pop("kind") == kind]
    return max(events, key=len)


def _description(model: type[Event]) -> str:
    identity = vars(model)["identity"].__doc__
    parts = [model.__doc__, f"Two are the same event by this: {identity}", BEYOND]
    parts += [AHEAD] if model.kind is Kind.CONNECTOR_STATUS else []
    return " ".join(str(part) for part in parts)


def _properties(model: type[Event]) -> Iterator[tuple[str, dict[str, Any]]]:
    hints = get_type_hints(model, include_extras=True)
    for name, field in model.model_fields.items():
        reference = {"$ref": f"#/$defs/{_spelling(hints[name])}"}
        optional = {"anyOf": [reference, {"$ref": "#/$defs/absent"}]}
        stated = reference if field.is_required() else optional
        first, *others = _aliases(field)
        yield first, {"description": field.description} | stated
        for other in others:
            yield other, {"description": f"{first}, misspelt."} | stated


def _spelling(hint: object) -> str:
    """The name of the schema of a field's type."""
    for name, (annotation, _) in SPELLINGS.items():
        if annotation == hint or annotation in get_args(hint)[:1]:
            return name
    raise LookupError(f"no schema says how {hint} is spelt")


def _aliases(field: FieldInfo) -> list[str]:
    """The names a producer may use for it, the right one first."""
    alias = field.validation_alias
    choices = alias.choices if isinstance(alias, AliasChoices) else [alias]
    return [str(choice) for choice in choices]


def _one_of(kind: Kind) -> Schema:
    """Of these fields one at least is there, and not empty."""
    names = ONE_OF.get(kind)
    if names is None:
        return {}
    there = {"$ref": "#/$defs/id"}
    return {"anyOf": [{"required": [name], "properties": {name: there}} for name in names]}


def _definitions(properties: Mapping[str, Schema]) -> Iterator[tuple[str, Schema]]:
    """The spellings that the properties refer to."""
    text = str(properties)
    yield from ((n, stated) for n, (_, stated) in SPELLINGS.items() if f"#/$defs/{n}'" in text)
    yield "absent", ABSENT
