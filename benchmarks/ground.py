"""Fresh servers for one measurement: a broker with its file on, a directory, a sandbox."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

import requests
from redis import Redis

from worker.embedded.broker import find_server

ROOT = Path(__file__).parents[1]
LIMIT_S = 300.0


class Ground:
    """Used as a context; everything that was started ends with it."""

    def __enter__(self) -> Self:
        """Start the broker."""
        self._folder = tempfile.TemporaryDirectory(prefix="relay-bench-")
        self.folder = Path(self._folder.name)
        self._processes: list[subprocess.Popen[Any]] = []
        port = _free_port()
        command = [find_server(), "--port", str(port), "--dir", str(self.folder)]
        self.start([*command, "--appendonly", "yes", "--save", ""])
        self.broker_url = f"redis://127.0.0.1:{port}/0"
        self.redis = Redis(port=port)
        wait(lambda: _answers(self.redis))
        return self

    def __exit__(self, *_: object) -> None:
        """End what was started, the last first."""
        for process in reversed(self._processes):
            process.terminate()
            process.wait()
        self.redis.close()
        self._folder.cleanup()

    def start(self, command: list[str], **environment: str) -> subprocess.Popen[bytes]:
        """Start a process in the project's root; its output goes to a file."""
        with (self.folder / "output.log").open("ab") as log:
            process = subprocess.Popen(
                command, cwd=ROOT, env={**os.environ, **environment}, stdout=log, stderr=log
            )
        self._processes.append(process)
        return process

    def sandbox(self, latency_ms: int) -> str:
        """The address of a parking gate that answers after so many milliseconds."""
        port = _free_port()
        self.start([sys.executable, "-m", "sandbox", "--port", str(port)])
        url = f"http://127.0.0.1:{port}"
        wait(lambda: _listens(port))
        fault = {"kind": "latency", "ms": latency_ms}
        requests.post(f"{url}/_sandbox/mall-garage/faults", json=fault, timeout=5)
        return url

    def relay(self, vendors: Mapping[str, Mapping[str, object]]) -> dict[str, str]:
        """The environment of a relay with these vendors and a migrated journal."""
        lines = []
        for name, table in vendors.items():
            lines.append(f"[vendors.{name}]")
            lines += [f"{key} = {json.dumps(value)}" for key, value in table.items()]
        (self.folder / "vendors.toml").write_text("\n".join(lines))
        environment = {
            "RELAY_BROKER_URL": self.broker_url,
            "RELAY_DATA_DIR": str(self.folder),
            "RELAY_VENDORS_FILE": str(self.folder / "vendors.toml"),
            "RELAY_LOG_LEVEL": "WARNING",
        }
        subprocess.run(
            [str(Path(sys.executable).with_name("chargerelay")), "migrate"],
            env={**os.environ, **environment},
            check=True,
            capture_output=True,
        )
        return environment

    def push(self, queue: str, items: list[str]) -> None:
        """Put items on a list."""
        for start in range(0, len(items), 500):
            self.redis.lpush(queue, *items[start : start + 500])


def wait(condition: Callable[[], object], every_s: float = 0.01) -> None:
    """Wait until it holds; a benchmark that hangs ends."""
    end = time.monotonic() + LIMIT_S
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("the benchmark did not come to its end")
        time.sleep(every_s)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(client: Redis) -> bool:
    try:
        return bool(client.ping())
    except OSError:
        return False
    except Exception as error:  # noqa: BLE001 a server that is starting refuses in many ways
        return error is None


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
