"""Who asks, for the audit."""

import getpass
import socket
from typing import Annotated

import typer

By = Annotated[
    str | None,
    typer.Option("--by", metavar="NAME", help="Who asks, for the audit; else USER@HOST."),
]


def asks(by: str | None) -> str:
    """The name that was given, or the user of this terminal and its host."""
    return by or f"{_user()}@{socket.gethostname()}"


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # no account of that number, as in a container
        return "unknown"
