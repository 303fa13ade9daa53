"""docs/systems.md, written from what the systems say of themselves: `make docs`."""

import sys
from collections.abc import Iterable, Iterator
from typing import Any

from worker import manual
from worker.callback import Callback
from worker.manual import Entry
from worker.markdown import table
from worker.operation import Operation
from worker.vendor import System
from worker.vendors import systems

BEGINNING = """\
# The systems

Written by `make docs` from `worker/vendors/`; do not edit. `chargerelay vendors VENDOR` shows a
vendor's own settings, `chargerelay call VENDOR OPERATION --describe` what an operation takes.

"""
COMMON = """\
## What every vendor's table may say

"""


def page() -> str:
    """The whole page, in Markdown."""
    found = systems()
    return (
        BEGINNING
        + "".join(
            [
                _index(found.values()),
                COMMON,
                _settings(manual.common_settings()),
                *(_system(system) for system in found.values()),
            ]
        ).rstrip("\n")
        + "\n"
    )


def _index(found: Iterable[type[System[Any]]]) -> str:
    rows = ((f"[`{s.name}`](#{s.name})", s.document, _takes(s), len(s.operations)) for s in found)
    return table(("system", "document", "takes", "operations"), rows)


def _system(system: type[System[Any]]) -> str:
    parts = [f"## {system.name}\n\n{_introduction(system)}\n\n"]
    parts.append(f"Document {system.document}; takes {_takes(system)}.\n\n")
    parts.append(_settings(manual.settings(system, own=True)))
    if system.operations:
        parts.append(f"### Operations of {system.name}\n\n")
        parts.append(
            table(
                ("operation", "section", "request", "known from", "assumed"),
                (_operation(name, operation) for name, operation in system.operations.items()),
            )
        )
    if system.callbacks:
        parts.append(f"### Callbacks of {system.name}\n\n")
        parts.append(
            table(
                ("callback", "section", "content", "known from", "assumed"),
                (_callback(name, callback) for name, callback in system.callbacks.items()),
            )
        )
    return "".join(parts)


def _introduction(system: type[System[Any]]) -> str:
    """What it is and how it signs."""
    text = sys.modules[system.__module__].__doc__ or ""
    return "\n\n".join(text.strip().split("\n\n")[:2])


def _takes(system: type[System[Any]]) -> str:
    told = [f"{kind} (up to {takes.pack})" for kind, takes in system.takes.items()]
    return ", ".join(told) or "nothing"


def _settings(entries: Iterable[Entry]) -> str:
    rows = (
        (
            f"`{entry.name}`",
            entry.expected,
            "required" if entry.required else f"`{entry.default}`" if entry.default else "",
            entry.description,
        )
        for entry in entries
    )
    return table(("setting", "expected", "default", "meaning"), rows)


def _operation(name: str, operation: Operation) -> Iterator[str]:
    yield f"`{name}`"
    yield operation.section
    yield f"`{operation.method} {operation.path}`"
    yield operation.known
    again = "" if operation.repeatable else "not to be repeated blindly"
    yield "; ".join(part for part in (operation.assumed, again) if part)


def _callback(name: str, callback: Callback) -> Iterator[str]:
    yield ", ".join(f"`{one}`" for one in (name, *callback.also))
    yield callback.section
    yield f"`{callback.method}`, {callback.content.value}"
    yield callback.known
    yield callback.assumed


if __name__ == "__main__":
    sys.stdout.write(page())
