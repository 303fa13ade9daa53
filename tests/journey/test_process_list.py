"""What others on the machine can see of a running relay: its processes and its files."""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from redis import Redis
from sqlalchemy.engine import make_url

from tests.journey.conftest import CITY, GARAGE
from tests.journey.relay import ROOT, until
from tests.journey.test_first_run import CHARGERELAY, free_port

USER = "relay-of-the-process-list"
STARTED = ("worker", "beat", "callbacks")


@pytest.fixture
def environment(tmp_path: Path, valkey_url: str, postgres_url: str) -> Iterator[dict[str, str]]:
    """A deployment in which every secret holds HIDDEN; PostgreSQL trusts whoever comes."""
    broker, journal = make_url(valkey_url), make_url(postgres_url)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RELAY_")}
    with Redis.from_url(valkey_url) as admin:
        admin.acl_setuser(
            USER, enabled=True, passwords=["+HIDDEN-broker"], keys=["*"], channels=["*"],
            categories=["+@all"],
        )  # fmt: skip
        (tmp_path / "key").write_text("HIDDEN-in-a-file")
        (tmp_path / "vendors.toml").write_text(
            _table("city", CITY | {"secret": "${CITY_SECRET}"})
            + _table("garage", {k: v for k, v in GARAGE.items() if k != "key"})
            + f'key_file = "{tmp_path}/key"\n'
        )
        yield kept | {
            "RELAY_BROKER_URL": broker.set(
                username=USER, password="HIDDEN-broker"
            ).render_as_string(hide_password=False),
            "RELAY_JOURNAL_URL": journal.set(password="HIDDEN-journal").render_as_string(
                hide_password=False
            ),
            "RELAY_DATA_DIR": str(tmp_path / "var"),
            "RELAY_VENDORS_FILE": str(tmp_path / "vendors.toml"),
            "RELAY_CALLBACKS_PORT": str(free_port()),
            "CITY_SECRET": "HIDDEN-in-the-environment",
        }
        admin.acl_deluser(USER)


def _table(name: str, table: dict[str, str]) -> str:
    lines = [f"[vendors.{name}]", f'base_url = "https://{name}.example"']
    return "\n".join([*lines, *(f'{key} = "{value}"' for key, value in table.items())]) + "\n"


@pytest.fixture
def up(environment: dict[str, str], tmp_path: Path) -> Iterator[psutil.Process]:
    """`chargerelay up`, with whatever mask the user has."""
    with (tmp_path / "up.log").open("wb") as log:
        command = ["/bin/sh", "-c", f"umask 022; exec {CHARGERELAY} up"]
        process = psutil.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    yield process
    if process.is_running():
        process.terminate()
    process.wait(120)


def test_no_secret_stands_in_the_process_list(up: psutil.Process, tmp_path: Path) -> None:
    until(lambda: _working(tmp_path), f"it works: {(tmp_path / 'up.log').read_text()}")
    lines = [up.cmdline(), *(child.cmdline() for child in up.children(recursive=True))]
    for part in STARTED:
        assert any(part in line for line in lines), (part, lines)
    assert "HIDDEN" not in repr(lines)
    for log in (tmp_path / "var" / "log").iterdir():
        assert "HIDDEN" not in log.read_text(), log
    assert "HIDDEN" not in (tmp_path / "up.log").read_text()


def _working(folder: Path) -> bool:
    logs = [folder / "var" / "log" / f"{name}.log" for name in ("worker", "urgent", "beat")]
    said = [log.read_text() if log.exists() else "" for log in logs]
    return " ready." in said[0] and " ready." in said[1] and "beat: Starting" in said[2]


def test_what_a_relay_leaves_on_the_disk_is_for_its_user_alone(tmp_path: Path) -> None:
    """The journal, the broker's file and the logs, whatever mask the user has."""
    data = tmp_path / "var"
    environment = {k: v for k, v in os.environ.items() if not k.startswith("RELAY_")} | {
        "RELAY_DATA_DIR": str(data),
        "RELAY_EMBEDDED_PORT": str(free_port()),
        "RELAY_SANDBOX_PORT": str(free_port()),
        "RELAY_CALLBACKS_PORT": str(free_port()),
    }
    command = ["/bin/sh", "-c", f"umask 022; {CHARGERELAY} up --once"]
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=False)
    assert ended.returncode == 0, ended.stderr
    left = {path.name for path in data.rglob("*")}
    assert {"journal.sqlite3", "appendonlydir", "worker.log"} <= left
    for path in (data, *data.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_a_journal_that_is_migrated_by_hand_is_for_its_user_alone(tmp_path: Path) -> None:
    environment = os.environ | {"RELAY_JOURNAL_URL": f"sqlite:///{tmp_path}/own/journal.sqlite3"}
    script = f"umask 022; {sys.executable} -m worker.cli migrate"
    subprocess.run(["/bin/sh", "-c", script], cwd=ROOT, env=environment, check=True)
    made = tmp_path / "own" / "journal.sqlite3"
    for path in (made, made.parent):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
