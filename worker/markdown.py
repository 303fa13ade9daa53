"""Tables in Markdown, for the pages that are written from the code."""

from collections.abc import Iterable


def table(titles: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A table, and the empty line after it."""
    head = tuple(titles)
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines) + "\n"


def _cell(value: object) -> str:
    return " ".join(str(value).split()).replace("|", "\\|")
