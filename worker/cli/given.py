"""The arguments of a call, as they were typed: `-a name=value`, and JSON from a text or a file."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from worker import manual
from worker.cli.faults import NotDone
from worker.cli.names import near
from worker.operation import Arguments
from worker.wire import NotAnEvent, read_json

SHOWN_CHARS = 60


def read(model: type[Arguments], pairs: Sequence[str], text: str | None) -> Arguments:
    """The arguments; a pair takes precedence over what the JSON says of the same name.

    Raises:
        NotDone: names every argument at fault, with what was expected.
    """
    entries = {entry.name: entry for entry in manual.arguments(model)}
    given = dict(_object(text)) if text is not None else {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise NotDone(f"-a {pair}: expected name=value")
        given[name] = value if name in entries and entries[name].text else _value(value)
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise NotDone("; ".join(_faults(error, entries))) from None


def _object(text: str) -> Mapping[str, Any]:
    try:
        content = read_json(_content(text))
    except NotAnEvent as fault:
        raise NotDone(f"--with: {fault}") from None
    if not isinstance(content, dict):
        raise NotDone("--with: expected a JSON object with the arguments' names")
    return content


def _content(text: str) -> str:
    if text == "-":
        return sys.stdin.read()
    if not text.startswith("@"):
        return text
    try:
        return Path(text[1:]).read_text("utf-8")
    except OSError as error:
        raise NotDone(f"--with: {text[1:]} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise NotDone(f"--with: {text[1:]} is not UTF-8") from None


def _value(text: str) -> object:
    try:
        return read_json(text)
    except NotAnEvent:
        return text


def _faults(error: ValidationError, entries: Mapping[str, manual.Entry]) -> list[str]:
    return [
        _fault(e["type"], e["loc"], e["msg"], e["input"], entries)
        for e in error.errors(include_url=False, include_context=False)
    ]


def _fault(
    kind: str,
    place: Sequence[int | str],
    message: str,
    given: object,
    entries: Mapping[str, manual.Entry],
) -> str:
    name = ".".join(map(str, place))
    if kind == "extra_forbidden":
        beside = _beside(place, entries)
        return f"{name} is no argument of it{near(str(place[-1]), beside) or ': it takes none'}"
    if kind == "missing":
        entry = entries.get(_path(place))
        told = f": {entry.description}, {entry.expected}" if entry else ""
        return f"{name} is missing{told}"
    message = message.removeprefix("Value error, ").replace("Input should be", "expected")
    shown = repr(given if isinstance(given, str) else str(given))[:SHOWN_CHARS]
    return f"{name}: {message}, got {shown}" if name else message


def _path(place: Sequence[int | str]) -> str:
    """Where an argument stands, as the manual writes it."""
    return "".join("[]" if isinstance(part, int) else f".{part}" for part in place)[1:]


def _beside(place: Sequence[int | str], entries: Mapping[str, manual.Entry]) -> list[str]:
    """The names that could stand in that place."""
    before = _path(place).rpartition(".")[0]
    prefix = f"{before}." if before else ""
    names = [name.removeprefix(prefix) for name in entries if name.startswith(prefix)]
    return [name for name in names if "." not in name]
