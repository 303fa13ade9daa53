"""What a system says of itself, in rows: its settings, its operations, their arguments."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from worker.operation import Arguments, Operation
from worker.vendor import System, VendorSettings

Schema = Mapping[str, Any]
WORDS = {"integer": "whole number", "boolean": "true or false", "object": "object"}
FORMATS = {"date-time": "time", "password": "text, secret", "uri": "URL", "path": "path"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A setting or an argument, as a person gives it.

    Attributes:
        expected: its type in words.
        default: as text; empty if there is none.
        text: whether what is typed for it is taken as it stands (else it is JSON).
    """

    name: str
    expected: str
    required: bool
    default: str
    description: str
    text: bool


def arguments(model: type[Arguments]) -> list[Entry]:
    """The arguments of an operation, by the names a caller uses."""
    return list(_entries(model, by_alias=True))


def settings(system: type[System[Any]], *, own: bool = False) -> list[Entry]:
    """The settings of a vendor's table; with `own` those that other systems do not have alike."""
    common = list(_entries(VendorSettings, by_alias=False)) if own else []
    return [e for e in _entries(system.settings_type, by_alias=False) if e not in common]


def common_settings() -> list[Entry]:
    """The settings that every vendor's table may have."""
    return list(_entries(VendorSettings, by_alias=False))


def fields(model: type[BaseModel]) -> list[Entry]:
    """The fields of any other model, by their own names."""
    return list(_entries(model, by_alias=False))


def facts(operation: Operation) -> dict[str, str]:
    """What is to be known of an operation before it is called."""
    told = {
        "section": operation.section,
        "request": f"{operation.method} {operation.path}",
        "known": operation.known,
        "assumed": operation.assumed,
        "signed": "" if operation.signed else "not by the vendor's credentials",
        "repeatable": "" if operation.repeatable else "no: look first whether it arrived",
        "follow": f"with {operation.follow.operation}" if operation.follow else "",
    }
    return {name: value for name, value in told.items() if value}


def _entries(model: type[BaseModel], *, by_alias: bool) -> Iterator[Entry]:
    schema = model.model_json_schema(by_alias=by_alias)
    yield from _of_object(schema, schema.get("$defs", {}), "")


def _of_object(schema: Schema, definitions: Schema, prefix: str) -> Iterator[Entry]:
    required = schema.get("required", ())
    for name, field in schema.get("properties", {}).items():
        yield Entry(
            name=prefix + name,
            expected=_either(_words(field, definitions)),
            required=name in required,
            default=_default(field.get("default")),
            description=field.get("description", ""),
            text=_is_text(field, definitions),
        )
        inner, mark = _inner(field, definitions)
        if not prefix:
            yield from _of_object(inner, definitions, f"{name}{mark}.")


def _inner(field: Schema, definitions: Schema) -> tuple[Schema, str]:
    """The object that stands in a field or in its list, and how the way to it is written."""
    for option in field.get("anyOf", [field]):
        schema = _resolved(option, definitions)
        if schema.get("type") == "array":
            return _resolved(schema.get("items", {}), definitions), "[]"
        if schema.get("type") == "object":
            return schema, ""
    return {}, ""


def _words(schema: Schema, definitions: Schema) -> list[str]:
    schema = _resolved(schema, definitions)
    if "anyOf" in schema:
        kinds = {option.get("type") for option in schema["anyOf"]}
        # A decimal may be written as text as well; a person need not know.
        decimal = {"number", "string"} <= kinds
        options = [o for o in schema["anyOf"] if not (decimal and o.get("type") == "string")]
        return [word for option in options for word in _words(option, definitions)]
    if "const" in schema:
        return [str(schema["const"])]
    if "enum" in schema:
        return [str(value) for value in schema["enum"]]
    kind = schema.get("type")
    if kind == "null" or kind is None:
        return []
    if kind == "array":
        items = _words(schema.get("items", {}), definitions)
        return [f"list of {_either(items)}"]
    if kind == "string":
        return [FORMATS.get(schema.get("format", ""), "text")]
    return [WORDS.get(kind, str(kind))]


def _either(words: list[str]) -> str:
    *first, last = dict.fromkeys(words) or ["anything"]
    return f"{', '.join(first)} or {last}" if first else last


def _is_text(schema: Schema, definitions: Schema) -> bool:
    schema = _resolved(schema, definitions)
    if "anyOf" in schema:
        return any(_is_text(option, definitions) for option in schema["anyOf"])
    values = schema.get("enum", [schema["const"]] if "const" in schema else [])
    return any(isinstance(value, str) for value in values) or schema.get("type") == "string"


def _resolved(schema: Schema, definitions: Schema) -> Schema:
    reference = schema.get("$ref") or next((s.get("$ref") for s in schema.get("allOf", ())), None)
    return schema if reference is None else definitions[reference.rpartition("/")[2]]


def _default(value: object) -> str:
    match value:
        case None:
            return ""
        case list() | tuple():
            return ", ".join(map(str, value))
        case bool():
            return str(value).lower()
        case _:
            return str(value)
