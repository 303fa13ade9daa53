"""What a command may print of secrets, and whom it lets read what it makes: nothing, and nobody."""

import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.worker.cli.conftest import Run

ROOT = Path(__file__).parents[3]
VENDOR = """
[vendors.city]
system = "charging_station"
base_url = "http://relay:HIDDEN@vendor.example/api"
operator_id = "1"
secret = "HIDDEN-secret"
risk_url = "https://relay:HIDDEN@vendor.example/risk"
"""


@pytest.fixture
def vendor(clean: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A vendor whose name leads inside."""
    path = tmp_path / "vendors.toml"
    path.write_text(VENDOR, encoding="utf-8")
    monkeypatch.setenv("RELAY_VENDORS_FILE", str(path))
    where = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.1", 80))
    known = socket.getaddrinfo

    def lookup(host: str, *more: object, **others: object) -> object:
        return [where] if host == "vendor.example" else known(host, *more, **others)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)


@pytest.mark.usefixtures("vendor", "with_sqlite", "with_broker")
def test_the_doctor_names_the_setting_that_an_address_inside_needs(run: Run) -> None:
    ended = run("doctor")
    assert "! vendor city: no answer from http://vendor.example/api" in ended.out
    assert "10.0.0.1, which is not a public address: nothing was sent" in ended.out
    assert "private_address = true" in ended.out
    assert "HIDDEN" not in ended.out + ended.err


@pytest.mark.usefixtures("vendor", "with_broker")
def test_a_call_by_hand_is_not_sent_inside(run: Run) -> None:
    ended = run("call", "city", "fetch-token")
    assert ended.code == 1
    assert "private_address = true" in ended.out + ended.err
    assert "HIDDEN" not in ended.out + ended.err


@pytest.mark.usefixtures("vendor")
def test_a_vendors_settings_are_listed_without_its_secrets(run: Run) -> None:
    for arguments in (("vendors",), ("vendors", "city"), ("vendors", "city", "--json")):
        ended = run(*arguments)
        assert ended.code == 0
        assert "HIDDEN" not in ended.out + ended.err


def test_warnings_of_loggers_that_nobody_configured_are_masked() -> None:
    """As a command prints them."""
    script = (
        "import contextlib, logging, sys; from worker import cli; sys.argv[1:] = ['--version']\n"
        "with contextlib.suppress(SystemExit): cli.main()\n"
        "logging.getLogger('worker.exchange').warning('GET /x?token=HIDDEN of 沪A12345')"
    )
    command = [sys.executable, "-c", script]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert ended.stderr == "GET /x?token=*** of 沪A***45\n"


def test_what_a_command_makes_is_for_its_user_alone(run: Run, tmp_path: Path) -> None:
    assert run("migrate").code == 0
    made = [path for path in Path("var").rglob("*") if path.is_file()]
    assert made
    for path in (Path("var"), *made):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
