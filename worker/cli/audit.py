"""`chargerelay audit`: who asked for what, and what came of it."""

import json

from worker.cli import needs
from worker.cli.options import AsJson, Limit, Since, Until
from worker.cli.output import Column, Row, show
from worker.journal import audit as journal
from worker.journal.listings import Filters
from worker.wording import local

NO_END = "no end: cut short, or still at it"


def audit(
    since: Since = None, until: Until = None, limit: Limit = 50, as_json: AsJson = False
) -> None:
    """List the acts of persons that changed something, newest first.

    Example: chargerelay audit --since 1d
    """
    columns = [
        Column("id", lambda row: row["id"], 6, right=True),
        Column("asked", lambda row: local(row["asked_at"]), 14),
        Column("who", lambda row: row["who"], 20),
        Column("act", lambda row: row["act"], 19),
        Column("given", lambda row: _short(row["asked"])),
        Column("result", _result, style=lambda row: "" if row["ended_at"] else "yellow"),
    ]
    with needs.journal(needs.settings()) as engine:
        rows = journal.rows(engine, Filters(since=since, until=until), limit=limit)
        show(rows, columns, as_json=as_json, nothing="no such acts")


def _result(row: Row) -> str:
    return _short(row["result"]) if row["ended_at"] else NO_END


def _short(text: str) -> str:
    """What was said in a word each; tables of counts are left to --json."""
    content = json.loads(text)
    return ", ".join(f"{name} {_word(value)}" for name, value in content.items() if _says(value))


def _says(value: object) -> bool:
    return value is not None and not (
        isinstance(value, list) and any(isinstance(v, dict) for v in value)
    )


def _word(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
