"""How rows are shown: a table for a person, or a JSON array, both written while they are read."""

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, islice
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from worker.journal.states import State

Row = Mapping[Any, Any]
CHUNK = 200
WIDTH = 100
STYLES = {
    State.PENDING: "cyan",
    State.SENDING: "blue",
    State.ACCEPTED: "green",
    State.REFUSED: "red",
    State.UNCLEAR: "yellow",
    State.HELD: "yellow",
    State.GIVEN_UP: "red",
    State.SUPERSEDED: "dim",
    State.EXPIRED: "dim",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes:
        width: in characters, longer texts fold; None takes what the others leave.
        style: of a cell, by its row.
    """

    title: str
    text: Callable[[Row], object]
    width: int | None = None
    style: Callable[[Row], str] = lambda _row: ""
    right: bool = False


def show(rows: Iterable[Row], columns: Iterable[Column], *, as_json: bool, nothing: str) -> None:
    """Write the rows.

    Args:
        rows: read once, never held all at one time.
        columns: of the table; JSON has every key of the row.
        as_json: an array of objects in place of a table.
        nothing: the sentence for an empty table.
    """
    if as_json:
        write_json(rows)
        return
    remaining = iter(rows)
    first = next(remaining, None)
    if first is None:
        say(nothing)
        return
    _write_table(chain([first], remaining), list(columns))


def write_json(rows: Iterable[Row]) -> None:
    """Write an array of objects, one a line."""
    sys.stdout.write("[")
    before = "\n"
    for row in rows:
        text = json.dumps({str(k): _plain(v) for k, v in row.items()}, ensure_ascii=False)
        sys.stdout.write(before + text)
        before = ",\n"
    sys.stdout.write("\n]\n")


def say(sentence: str, *, err: bool = False) -> None:
    """One sentence, whatever is in it."""
    console(err=err).print(Text(printable(sentence)), soft_wrap=True)


def console(*, err: bool = False) -> Console:
    """Where tables go: as wide as the terminal, or 100 columns when there is none."""
    stream = sys.stderr if err else sys.stdout
    width = None if stream.isatty() or os.environ.get("COLUMNS") else WIDTH
    return Console(file=stream, width=width, highlight=False)


def printable(text: str) -> str:
    """The text without what could steer a terminal."""
    return "".join(c if c.isprintable() else " " for c in text)


def state_style(row: Row) -> str:
    """The colour of a row's state."""
    return STYLES[State(row["state"])]


def _plain(value: object) -> object:
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case bytes():
            return value.decode("utf-8", "backslashreplace")
        case _:
            return value


def _write_table(rows: Iterator[Row], columns: list[Column]) -> None:
    out = console()
    header = True
    while chunk := list(islice(rows, CHUNK)):
        table = Table(
            box=None, expand=True, padding=(0, 1, 0, 0), pad_edge=False, show_header=header
        )
        for column in columns:
            table.add_column(
                column.title,
                width=column.width,
                ratio=None if column.width else 1,
                overflow="fold",
                justify="right" if column.right else "left",
            )
        for row in chunk:
            table.add_row(*(_cell(column, row) for column in columns))
        out.print(table)
        header = False


def _cell(column: Column, row: Row) -> Text:
    value = column.text(row)
    return Text("" if value is None else printable(str(value)), style=column.style(row))
