"""Who asks: an act of a person is written down before it begins, and what came of it after."""

import getpass
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Annotated

import typer
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from worker.cli import faults
from worker.journal import audit
from worker.journal.clock import time_of

By = Annotated[
    str | None,
    typer.Option("--by", metavar="NAME", help="Who asks, for the audit; else USER@HOST."),
]


def asks(by: str | None) -> str:
    """The name that was given, or the user of this terminal and its host."""
    return by or f"{_user()}@{socket.gethostname()}"


@contextmanager
def audited(
    engine: Engine, by: str | None, act: str, asked: Mapping[str, object]
) -> Iterator[dict[str, object]]:
    """Write an act down around its doing; the caller fills in what came of it.

    An act that is interrupted stays without an end. One that fails ends with its fault.

    Args:
        engine: the journal.
        by: who asks, as it was given.
        act: the command.
        asked: what it was given.
    """
    audit_id = audit.begin(engine, asks(by), act, asked, time_of(engine))
    result: dict[str, object] = {}
    try:
        yield result
    except Exception as fault:
        with suppress(SQLAlchemyError):  # the fault itself is what to hear of
            said = faults.sentence(fault) or type(fault).__name__
            audit.end(engine, audit_id, {**result, "failed": said}, time_of(engine))
        raise
    audit.end(engine, audit_id, result, time_of(engine))


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # no account of that number, as in a container
        return "unknown"
