from decimal import Decimal
from typing import Annotated, Literal

import pytest
from pydantic import Field

from worker import manual
from worker.operation import Arguments, Follow, Operation, Reply
from worker.outcomes import Accepted
from worker.vendor import VendorSettings
from worker.vendors import systems
from worker.vendors.parkpot import Parkpot


class Port(Arguments):
    """A part of the arguments."""

    port_no: int = Field(description="from 1")


class Everything(Arguments):
    """One of each."""

    name: str
    amount: Annotated[Decimal, Field(decimal_places=2)] | None = None
    mode: Literal[1, 2, 7]
    word: Literal["on"] = "on"
    whole: bool = False
    ports: list[Port]
    main: Port | None = None
    free: dict[str, object] = Field(default_factory=dict)
    any: object = None


def entries() -> dict[str, manual.Entry]:
    return {entry.name: entry for entry in manual.arguments(Everything)}


@pytest.mark.parametrize(
    ("name", "expected", "text"),
    [
        ("name", "text", True),
        ("amount", "number", True),
        ("mode", "1, 2 or 7", False),
        ("word", "on", True),
        ("whole", "true or false", False),
        ("ports", "list of object", False),
        ("ports[].portNo", "whole number", False),
        ("main", "object", False),
        ("main.portNo", "whole number", False),
        ("free", "object", False),
        ("any", "anything", False),
    ],
)
def test_what_is_expected_is_said_in_words(name: str, expected: str, text: bool) -> None:
    entry = entries()[name]
    assert (entry.expected, entry.text) == (expected, text)


def test_what_is_required_has_no_default() -> None:
    assert {name for name, entry in entries().items() if entry.required} == {
        "name",
        "mode",
        "ports",
        "ports[].portNo",
        "main.portNo",
    }
    assert (entries()["word"].default, entries()["whole"].default) == ("on", "false")


def test_the_settings_of_a_system_are_those_it_has_alone() -> None:
    own = [entry.name for entry in manual.settings(Parkpot, own=True)]
    assert own == ["port_name", "park_id", "key", "path"]
    everything = {entry.name for entry in manual.settings(Parkpot)}
    assert everything == {*VendorSettings.model_fields, *own}


@pytest.mark.parametrize("name", sorted(systems()))
def test_every_operation_of_every_system_can_be_explained(name: str) -> None:
    for operation in systems()[name].operations.values():
        assert manual.facts(operation)["request"]
        for entry in manual.arguments(operation.arguments):
            assert entry.description, (operation.section, entry.name)


def test_only_what_is_to_be_known_is_said() -> None:
    plain = Operation("2.1", "GET", "/x", Everything, request=None, read=None)  # type: ignore[arg-type]
    assert manual.facts(plain) == {
        "section": "2.1",
        "request": "GET /x",
        "known": "the document",
    }
    careful = Operation(
        "2.2",
        "POST",
        "/y",
        Everything,
        request=None,  # type: ignore[arg-type]
        read=lambda *_: Reply(Accepted()),
        assumed="all of it",
        signed=False,
        repeatable=False,
        follow=Follow("ask", lambda _given, _reply: None, lambda _: True),
    )
    assert list(manual.facts(careful)) == [
        "section",
        "request",
        "known",
        "assumed",
        "signed",
        "repeatable",
        "follow",
    ]
