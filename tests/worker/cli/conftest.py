"""The command line, run in this process as a terminal runs it."""

import io
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests import command
from worker import cli

VENDORS = """
[vendors.city-garage]
system = "parkpot"
base_url = "https://user:HIDDEN@garage.example/api"
port_name = "acme"
park_id = "3302122004"
key = "${GARAGE_KEY}"
stations = ["S-001"]

[vendors.mall-garage]
system = "parkpot"
base_url = "https://mall.example"
port_name = "acme"
park_id = "3302122005"
key = "HIDDEN"
"""


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int | str | None
    out: str
    err: str


Run = Callable[..., Ended]


@pytest.fixture
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting but the defaults, in an empty folder, on a terminal of 100 columns."""
    for name in [name for name in os.environ if name.startswith("RELAY_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "100")
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)


@pytest.fixture
def run(clean: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `chargerelay` with these arguments."""

    def run(*arguments: object, stdin: bytes = b"") -> Ended:
        monkeypatch.setattr(sys, "argv", ["chargerelay", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capsys.readouterr()
        with pytest.raises(SystemExit) as end, command.as_before():
            cli.main()
        code: Any = end.value.code
        out, err = capsys.readouterr()
        if isinstance(code, str):
            code, err = 1, f"{err}{code}\n"
        return Ended(code or 0, out, err)

    return run


@pytest.fixture
def with_journal(clean: None, monkeypatch: pytest.MonkeyPatch, journal_url: str) -> str:
    """The commands know a migrated journal, of either database."""
    monkeypatch.setenv("RELAY_JOURNAL_URL", journal_url)
    return journal_url


@pytest.fixture
def with_sqlite(clean: None, monkeypatch: pytest.MonkeyPatch, sqlite_url: str) -> str:
    """The commands know a migrated journal."""
    monkeypatch.setenv("RELAY_JOURNAL_URL", sqlite_url)
    return sqlite_url


@pytest.fixture
def with_broker(clean: None, monkeypatch: pytest.MonkeyPatch, valkey_url: str) -> str:
    """The commands know an empty broker."""
    monkeypatch.setenv("RELAY_BROKER_URL", valkey_url)
    return valkey_url


@pytest.fixture
def with_vendors(clean: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The commands know a vendors file, though not all of its secrets."""
    path = tmp_path / "vendors.toml"
    path.write_text(VENDORS, encoding="utf-8")
    monkeypatch.setenv("RELAY_VENDORS_FILE", str(path))
    return path
