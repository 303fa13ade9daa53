"""A sandbox in a process of its own, and callers for its vendors."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.callers import City, Control, Garage, SandboxWith, StartSandbox, listening_url

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
