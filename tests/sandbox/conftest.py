"""A sandbox in a process of its own, and callers for its vendors."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox import certificates
from tests.sandbox.callers import City, Control, Garage, SandboxWith, StartSandbox, listening_url
from tests.sandbox.car_maker import App
from tests.sandbox.certificates import Certificate
from tests.sandbox.own_piles import Administrator
from tests.sandbox.pile_cloud import Application

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def start_sandbox() -> Iterator[StartSandbox]:
    """Starts `python -m sandbox` with these arguments; all are ended with the tests."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "sandbox", *arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture(scope="session")
def default_sandbox(start_sandbox: StartSandbox) -> str:
    """The URL of a sandbox with the default vendors."""
    return listening_url(start_sandbox("--port", "0"))


@pytest.fixture
def sandbox_with(start_sandbox: StartSandbox, tmp_path: Path) -> SandboxWith:
    """Starts a sandbox with these vendors and returns its URL."""

    def start(vendors: dict[str, dict[str, Any]]) -> str:
        config = tmp_path / "vendors.json"
        config.write_text(json.dumps({"vendors": vendors}), encoding="utf-8")
        return listening_url(start_sandbox("--port", "0", "--config", str(config)))

    return start


@pytest.fixture
def city(default_sandbox: str) -> Iterator[City]:
    """A caller of the default city platform, which starts clean."""
    control = Control(default_sandbox, "city-platform")
    caller = City(f"{default_sandbox}/city-platform", control)
    yield caller
    control.clean()
    caller.session.close()


@pytest.fixture
def garage(default_sandbox: str) -> Iterator[Garage]:
    """A caller of the default parking gate, which starts clean."""
    control = Control(default_sandbox, "mall-garage")
    caller = Garage(f"{default_sandbox}/mall-garage", control)
    yield caller
    control.clean()
    caller.session.close()


@pytest.fixture
def own_garage(sandbox_with: SandboxWith) -> Iterator[Garage]:
    """A caller of a parking gate that no other test calls; requests may stay under way."""
    url = sandbox_with({"garage": {"system": "parkpot"}})
    control = Control(url, "garage")
    caller = Garage(f"{url}/garage", control)
    yield caller
    control.session.close()
    caller.session.close()


@pytest.fixture
def administrator(default_sandbox: str) -> Iterator[Administrator]:
    """The administrator of the default piles, which start clean."""
    control = Control(default_sandbox, "own-piles")
    caller = Administrator(f"{default_sandbox}/own-piles", control)
    yield caller
    control.clean()
    caller.session.close()


@pytest.fixture
def application(default_sandbox: str) -> Iterator[Application]:
    """An application of the default pile cloud, which starts clean."""
    control = Control(default_sandbox, "pile-cloud")
    caller = Application(f"{default_sandbox}/pile-cloud", control)
    yield caller
    control.clean()
    caller.session.close()


@pytest.fixture
def app(default_sandbox: str) -> Iterator[App]:
    """An app of the default car maker, which starts clean."""
    control = Control(default_sandbox, "car-maker")
    caller = App(f"{default_sandbox}/car-maker", control)
    yield caller
    control.clean()
    caller.session.close()


@pytest.fixture(scope="session")
def papers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Certificate]:
    """Certificates of a server, of a client it knows, and of a stranger."""
    folder = tmp_path_factory.mktemp("certificates")
    return {name: certificates.make(folder, name) for name in ("server", "client", "stranger")}


@pytest.fixture
def tls_sandbox(
    start_sandbox: StartSandbox, papers: dict[str, Certificate]
) -> Iterator[tuple[str, str]]:
    """A sandbox with both ports: the plain URL and the TLS one."""
    server, client = papers["server"], papers["client"]
    options = ("--tls-cert", str(server.cert), "--tls-key", str(server.key))
    process = start_sandbox(
        *("--port", "0", "--tls-port", "0", *options, "--tls-client-ca", str(client.cert))
    )
    url = listening_url(process)
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("sandbox listening on https://127.0.0.1:"), line
    yield url, line.removeprefix("sandbox listening on ").strip()
    process.terminate()
    assert process.communicate(timeout=10) == ("", "")
