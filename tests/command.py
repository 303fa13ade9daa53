"""A `chargerelay` command in the process of the tests, which saves it an interpreter's start."""

import io
import logging
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from subprocess import CompletedProcess

import pytest

from config import logs
from worker import cli


@contextmanager
def as_before() -> Iterator[None]:
    """A command is a process of its own: it knows no secret yet, and leaves nothing behind."""
    mask, last = os.umask(0o022), logging.lastResort
    assert last is not None
    formatter = last.formatter
    os.umask(mask)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(logs, "known", {})
            yield
    finally:
        os.umask(mask)
        last.setFormatter(formatter)


def run(environment: Mapping[str, str], *arguments: str) -> CompletedProcess[str]:
    """Run it to its end with these variables and no others; it reads an empty standard input."""
    out, err, empty = (io.TextIOWrapper(io.BytesIO(), "utf-8") for _ in range(3))
    command = ["chargerelay", *arguments]
    with pytest.MonkeyPatch.context() as patch, as_before():
        for name in os.environ.keys() - environment.keys():
            patch.delenv(name)
        for name, value in environment.items():
            patch.setenv(name, value)
        patch.setattr(sys, "argv", command)
        patch.setattr(sys, "stdin", empty)
        with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as end:
            cli.main()
    code, said = end.value.code, [_text(out), _text(err)]
    if isinstance(code, str):
        code, said[1] = 1, f"{said[1]}{code}\n"
    return CompletedProcess(command, code or 0, *said)


def _text(stream: io.TextIOWrapper) -> str:
    stream.seek(0)
    return stream.read()
