"""A relay under test: real worker processes against a real broker, journal and sandbox."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import requests
from redis import Redis
from sqlalchemy import Engine, Select, func, select

from tests import command
from worker.embedded import progress
from worker.journal import tables
from worker.journal.engine import open_journal, reading

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0
CELERY = (sys.executable, "-m", "celery", "-A", "worker.app")
WORKER = ("worker", "-P", "threads", "-c", "16", "--without-gossip", "--without-mingle")
FAST = {
    "RELAY_STATUS_RETRY_S": "0.2,0.5",
    "RELAY_RECORD_RETRY_S": "0.2,0.5",
    "RELAY_WARNING_RETRY_S": "0.2,0.5",
    "RELAY_BREAKER_OPEN_S": "0.5,1",
    "RELAY_REQUEST_TIMEOUT_S": "1",
    "RELAY_BURST_S": "1",
    "RELAY_LEASE_S": "15",
    "RELAY_HEARTBEAT_S": "0.5",
    "RELAY_HEARTBEAT_TTL_S": "2",
    "RELAY_SWEEP_S": "0.25",
    "RELAY_LOOK_UP_AFTER_S": "0.2",
}


def until(condition: Callable[[], object], what: str) -> None:
    """Wait until it holds; the time limit only ends a test that would never end."""
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, f"waited in vain until {what}"
        time.sleep(0.05)


class Relay:
    """Starts and ends the processes; looks into the journal and the broker."""

    def __init__(
        self, folder: Path, broker_url: str, journal_url: str, vendors: Mapping[str, Any]
    ) -> None:
        self.folder = folder
        self.redis = Redis.from_url(broker_url)
        self.engine: Engine = open_journal(journal_url)
        self.environment = {
            **os.environ,
            **FAST,
            "RELAY_BROKER_URL": broker_url,
            "RELAY_JOURNAL_URL": journal_url,
            "RELAY_DATA_DIR": str(folder),
            "RELAY_VENDORS_FILE": str(folder / "vendors.toml"),
        }
        self.processes: list[subprocess.Popen[bytes]] = []
        self.write_vendors(vendors)

    def write_vendors(self, vendors: Mapping[str, Any]) -> None:
        lines = []
        for name, given in vendors.items():
            table = {"private_address": True, **given}
            lines.append(f"[vendors.{name}]")
            lines += [f"{key} = {json.dumps(value)}" for key, value in table.items()]
        (self.folder / "vendors.toml").write_text("\n".join(lines))

    def start_worker(
        self, name: str = "one", *options: str, **environment: str
    ) -> subprocess.Popen[bytes]:
        command = (*CELERY, *WORKER, "-n", f"{name}@test", *options)
        return self.start(*command, log=name, **environment)

    def start_beat(self) -> subprocess.Popen[bytes]:
        return self.start(*CELERY, "beat", log="beat")

    def start_callbacks(self) -> str:
        """The callback server; returns its address, which every command is told from now on."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.environment["RELAY_CALLBACKS_PORT"] = str(port)
        self.start(sys.executable, "-m", "worker.cli", "callbacks", log="callbacks")
        address = f"http://127.0.0.1:{port}"
        until(lambda: _answers(f"{address}/readyz"), "the callback server answers")
        return address

    def start(self, *words: str, log: str, **environment: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{log}.log").open("ab") as output:
            process = subprocess.Popen(
                words,
                cwd=ROOT,
                env={**self.environment, **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self.processes.append(process)
        return process

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A `chargerelay` command that ends by itself, in this process."""
        return command.run(self.environment, *arguments)

    def run_alone(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A `chargerelay` command in a process of its own, with logs as an operator has them."""
        return subprocess.run(
            [str(Path(sys.executable).with_name("chargerelay")), *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )

    def publish(self, kind: str, *items: object) -> None:
        """Push items as a producer of any language would, in order."""
        raw = [i if isinstance(i, bytes) else json.dumps(i, ensure_ascii=False) for i in items]
        for start in range(0, len(raw), 500):
            self.redis.lpush(kind, *raw[start : start + 500])

    def settle(self) -> None:
        """Wait until nothing is queued and no report is open."""
        until(lambda: progress.settled(self.redis, self.engine), "all reports are settled")

    def states(self, vendor: str | None = None) -> dict[str, int]:
        """Reports by state."""
        report = tables.report.c
        query = select(report.state, func.count()).group_by(report.state)
        if vendor is not None:
            query = query.where(report.vendor == vendor)
        return dict(self.rows(query))

    def count(self, table: str) -> int:
        """Rows of a table."""
        return int(self.rows(select(func.count()).select_from(getattr(tables, table)))[0][0])

    def rows(self, query: Select[Any]) -> list[Any]:
        """What a query finds, each row as a tuple."""
        with reading(self.engine) as connection:
            return [tuple(row) for row in connection.execute(query)]

    def log(self, name: str = "one") -> str:
        return (self.folder / f"{name}.log").read_text()

    def stop(self, process: subprocess.Popen[bytes], sign: int = signal.SIGTERM) -> int:
        """Signal a process by its pid and wait for its end."""
        process.send_signal(sign)
        return process.wait(PATIENCE_S)

    def close(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()
        self.redis.close()
        self.engine.dispose()


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).ok
    except requests.ConnectionError:
        return False


def record(number: int, **fields: object) -> dict[str, object]:
    """A charge record of order number so-and-so; no two start in the same second."""
    started = datetime(2026, 11, 20, 8) + timedelta(seconds=number)
    return {
        "orderNo": f"ORDER-{number:06d}",
        "operatorId": "395815801",
        "stationId": "S-001",
        "connectorId": f"C-{number % 50:03d}",
        "deviceId": "D-1",
        "plateNo": "沪A12345",
        "startTime": f"{started:%Y-%m-%d %H:%M:%S}",
        "endTime": "2026-11-20 23:00:00",
        "power": "12.30",
        "totalMoney": "15.00",
        **fields,
    }


def status(connector: int, second: int, state: int = 3, **fields: object) -> dict[str, object]:
    """A connector's status at a second of one hour."""
    return {
        "operatorId": "395815801",
        "stationId": "S-001",
        "equipmentId": "E-1",
        "connectorId": f"C-{connector:03d}",
        "status": state,
        "updateTime": f"2026-11-20 10:{second // 60:02d}:{second % 60:02d}",
        **fields,
    }


def keys(items: Iterable[Mapping[str, Any]]) -> list[str]:
    """The keys of what a sandbox vendor received, in order of arrival."""
    return [item["key"] for item in items]
