"""Strategies made of the JSON Schemas of events: of what they allow, whatever they allow."""

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

Schema = Mapping[str, Any]
unknown = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def events(schema: Schema) -> st.SearchStrategy[dict[str, Any]]:
    """Events with all that is required and any of what is not, unknown fields among it."""
    ways = schema.get("anyOf", [{"required": [], "properties": {}}])
    known = st.one_of([_fields(schema, one) for one in ways])
    names = st.text().filter(lambda name: name not in schema["properties"])
    others = st.dictionaries(names, unknown, max_size=2)
    return st.builds(lambda known, others: others | known, known, others)


def _fields(schema: Schema, one: Schema) -> st.SearchStrategy[dict[str, Any]]:
    """What is known, where one of several ways to be complete is taken."""
    stated = schema["properties"] | one["properties"]
    fields = {name: _any(part, schema["$defs"]) for name, part in stated.items()}
    required = {*schema["required"], *one["required"]}
    return st.fixed_dictionaries(
        {name: fields[name] for name in fields if name in required},
        optional={name: fields[name] for name in fields if name not in required},
    )


def _any(schema: Schema, definitions: Schema) -> st.SearchStrategy[Any]:
    match schema:
        case {"$ref": reference}:
            return _any(definitions[reference.rpartition("/")[2]], definitions)
        case {"anyOf": options}:
            return st.one_of([_any(option, definitions) for option in options])
        case {"enum": values}:
            return st.sampled_from(values)
        case {"type": "string", "pattern": pattern}:
            texts = st.from_regex(pattern.replace("$", r"\Z"))
            return texts.filter(lambda text: len(text) <= schema.get("maxLength", len(text)))
        case {"type": "integer"}:
            return st.integers(int(schema["minimum"]), int(schema["maximum"]))
        case {"type": "number"}:
            low, high = schema["minimum"], schema["maximum"]
            return st.integers(low, high) | st.floats(low, high) | st.decimals(low, high, places=2)
        case {"type": "boolean"}:
            return st.booleans()
        case {"description": _, **rest} if not rest:
            return unknown
    raise AssertionError(f"no strategy for {schema}")
