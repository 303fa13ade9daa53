"""What a replay would do: shown, and asked about where it is dangerous or much."""

import sys

import typer

from worker import preview
from worker.cli.faults import NotDone
from worker.cli.listings import KIND, VENDOR
from worker.cli.output import Column, say, show, state_style
from worker.journal.replay import Counts
from worker.wording import counted

ASK_ABOVE = 100
COLUMNS = (
    VENDOR,
    KIND,
    Column("state", lambda row: row["state"], 10, state_style),
    Column("reports", lambda row: row["reports"], 9, right=True),
    Column("", lambda row: preview.WORDS[row["fate"]]),
)


def warn(counts: Counts) -> bool:
    """Say on stderr what it means to tell vendors again; returns whether any would be."""
    dangers = list(preview.dangers(counts))
    for danger in dangers:
        say(f"--again, {danger}", err=True)
    return bool(dangers)


def ask(counts: Counts, per_s: float, *, twice: bool, as_json: bool) -> None:
    """Have a person agree to what is dangerous or much.

    Raises:
        NotDone: it is dangerous, and nobody is there to be asked.
        typer.Abort: the person does not agree.
    """
    if not sys.stdin.isatty():
        if twice:
            raise NotDone("what was accepted is told twice only with --yes, as nobody can be asked")
        return
    count = preview.replayed(counts)
    if not twice and count <= ASK_ABOVE:
        return
    if not as_json:
        show(preview.rows(counts), COLUMNS, as_json=False, nothing="")
        say(preview.told(counts, per_s, dry_run=True))
    typer.confirm(f"Replay {counted(count, 'report')}?", abort=True, err=True)
