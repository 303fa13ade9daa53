"""Every command and every health check of docker-compose.yml, as processes against real servers."""

import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests

from tests.journey.composed import Composed, in_order
from tests.journey.image import ROOT
from tests.journey.relay import until
from tests.journey.stand_ins import start_postgres, start_valkey
from tests.sandbox.callers import Control

KINDS = {"connector-status", "charge-record", "safety-warning"}
GUIDE = (ROOT / "docs" / "deploy.md").read_text("utf-8")
OTHERS = ("prometheus", "grafana")  # programs that no wheel brings


def played_vendors() -> str:
    """The vendors file that the guide's line makes."""
    (line,) = re.findall(r"^(sed .*) > vendors.toml$", GUIDE, re.MULTILINE)
    made = subprocess.run(
        ["/bin/sh", "-c", line], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return made.stdout


@pytest.fixture
def composed(tmp_path: Path) -> Iterator[Composed]:
    """The deployment of docs/deploy.md, with nothing started yet."""
    subprocess.run(
        ["make", "-s", "-C", tmp_path, "-f", ROOT / "Makefile", "secrets"],
        check=True,
        capture_output=True,
    )
    made = Composed(tmp_path)
    # One secret is a file of its own, as a deployment's should be.
    named = played_vendors().replace('"sandbox-secret"', '"${CITY_SECRET}"')
    here = named.replace("//sandbox:7381", f"//127.0.0.1:{made.port('7381')}")
    (tmp_path / "vendors.toml").write_text(here)
    (tmp_path / "secrets" / "vendors" / "city_secret").write_text("sandbox-secret\n")
    (tmp_path / "config").symlink_to(ROOT / "config")
    yield made
    made.close()


@pytest.fixture
def folder() -> Iterator[Path]:
    """Of the database, whose server's user may not see what is under pytest's own."""
    with tempfile.TemporaryDirectory(prefix="relay-pg-", ignore_cleanup_errors=True) as made:
        yield Path(made)


def start_all(composed: Composed, folder: Path) -> None:
    def start(name: str) -> None:
        composed.prepare(name)
        for on, how in composed.services[name].get("depends_on", {}).items():
            composed.ready(on, how["condition"])
        match name:
            case "valkey":
                start_valkey(composed)
            case "postgres":
                start_postgres(composed, folder)
            case _:
                composed.start(name)

    in_order({k: v for k, v in composed.services.items() if k not in OTHERS}, start)


def test_the_file_starts_a_relay_that_delivers_and_stops_in_order(
    composed: Composed, folder: Path
) -> None:
    start_all(composed, folder)
    running = [name for name in composed.processes if name != "migrate"]
    for name in running:
        composed.ready(name, "service_healthy")

    commands = re.findall(r"^docker compose exec worker (.*)$", GUIDE, re.MULTILINE)
    assert "chargerelay publish config/samples.jsonl" in commands
    for command in commands:
        assert composed.execute("worker", *command.split()) == 0, command
    city = Control(f"http://127.0.0.1:{composed.port('7381')}", "city-platform")

    def kinds() -> set[str]:
        return {item["kind"] for item in city.call("GET", "received").json()["items"]}

    until(lambda: kinds() == KINDS, "the sandbox was told of each kind")
    city.session.close()
    _flower_asks(composed)
    _console_asks(composed)
    _no_secret_is_shown(composed)

    codes = {name: composed.stop(name) for name in reversed(running)}
    assert codes == dict.fromkeys(codes, 0), {name: composed.log(name)[-500:] for name in codes}
    assert [name for name in running if composed.healthy(name)] == []


def _flower_asks(composed: Composed) -> None:
    address = f"http://127.0.0.1:{composed.port('5555')}"
    login = (composed.place("flower") / "secrets" / "relay_flower_login").read_text().strip()
    assert requests.get(address).status_code == 401
    known = tuple(login.split(":"))
    assert requests.get(f"{address}/workers", auth=known).status_code == 200
    assert requests.post(f"{address}/api/worker/shutdown/x", auth=known).status_code == 403


def _console_asks(composed: Composed) -> None:
    address = f"http://127.0.0.1:{composed.port('7380')}"
    given = (composed.place("callbacks") / "secrets" / "relay_console_logins").read_text().strip()
    name, _, password = given.partition(":")
    with requests.Session() as session:
        assert session.get(f"{address}/console").url.endswith("/console/login")
        form = {"username": name, "password": password}
        page = session.post(f"{address}/console/login", form, headers={"Origin": address})
        assert "city-platform" in page.text


def _no_secret_is_shown(composed: Composed) -> None:
    secrets = [path for path in (composed.folder / "secrets").iterdir() if path.is_file()]
    hidden = [path.read_text().strip().rpartition(":")[2] for path in secrets]
    assert len(hidden) == 5
    for name, process in composed.processes.items():
        lines = [composed.log(name)]
        if process.poll() is None:
            started = psutil.Process(process.pid)
            lines += [repr(p.cmdline()) for p in (started, *started.children(recursive=True))]
        assert not [secret for secret in hidden if secret in "".join(lines)], name
