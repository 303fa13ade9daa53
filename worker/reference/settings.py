"""docs/reference/settings.md: every variable of the environment."""

from collections.abc import Iterator
from typing import Any

from config.settings import Settings
from worker import manual
from worker.manual import Entry
from worker.markdown import table

YEAR_S = 366 * 86_400
BEGINNING = """\
# Settings

Written by `make docs` from `config/settings.py`; do not edit. Each is a variable of the
environment, or a line of the file `.env`, or a file of its name, in small letters, in
`RELAY_SECRETS_DIR`; `config/example.env` has all of them. The unit stands in the name; a list is
written with commas; seconds may be up to 366 days. At the start all are checked, and every fault is
named. A vendor's own settings are in [`systems.md`](../systems.md).

"""


def page() -> str:
    """The whole page, in Markdown."""
    schema = Settings.model_json_schema()["properties"]
    rows = (_row(entry, schema[entry.name]) for entry in manual.fields(Settings))
    return BEGINNING + table(("setting", "expected", "default", "meaning"), rows)


def _row(entry: Entry, schema: dict[str, Any]) -> Iterator[str]:
    yield f"`RELAY_{entry.name.upper()}`"
    yield ", ".join(part for part in (entry.expected, _bounds(schema)) if part)
    yield f"`{entry.default.replace(', ', ',')}`" if entry.default else ""
    yield entry.description


def _bounds(schema: dict[str, Any]) -> str:
    """What a number may be, in words; of a list what each of its numbers may be."""
    schema = schema.get("items", schema)
    least, above, most = (schema.get(name) for name in ("minimum", "exclusiveMinimum", "maximum"))
    low = f"over {above:g}" if above is not None else f"from {least:g}" if least is not None else ""
    high = "" if most in (None, YEAR_S) else f"to {most:,}"
    return " ".join(part for part in (low, high) if part)
