"""ChargeRelay's processes for a measurement, with the vendors that it needs."""

import json
import subprocess
from collections.abc import Mapping
from typing import Any

from benchmarks.asking import Asked
from benchmarks.ground import START_S, Ground
from benchmarks.peers.signing import KEY, OPERATOR, SECRET
from benchmarks.processes import OURS
from benchmarks.waiting import LIMIT_S, wait

IN_FLIGHT = 64  # as dramatiq with 2 x 32 threads
CELERY = [OURS, "-m", "celery", "-A", "worker.app"]
WORKER = [*CELERY, "worker", "-P", "threads", "--without-gossip", "--without-mingle", "-E"]
Table = Mapping[str, object]


def gate(asked: Asked, latency: str = "20") -> dict[str, object]:
    """A parking gate that answers after so many ms, or hangs."""
    return {
        "system": "parkpot",
        "base_url": f"{asked.url}/{latency}/gate",
        "private_address": True,
        "port_name": "acme",
        "park_id": "3302122004",
        "key": KEY,
        "concurrency": IN_FLIGHT,
    }


def city(asked: Asked, latency: str = "20") -> dict[str, object]:
    """A city's platform that answers after so many ms, or hangs."""
    url = f"{asked.url}/{latency}/city"
    return {
        "system": "charging_station",
        "base_url": url,
        "private_address": True,
        "operator_id": OPERATOR,
        "secret": SECRET,
        "risk_url": f"{url}/risk",
        "concurrency": IN_FLIGHT,
    }


class Relay:
    """One relay: its vendors, its journal, its processes."""

    def __init__(self, ground: Ground, journal: str, vendors: Mapping[str, Table]) -> None:
        self._ground = ground
        self.journal = journal
        lines = []
        for name, table in vendors.items():
            lines.append(f"[vendors.{name}]")
            lines += [f"{key} = {json.dumps(value)}" for key, value in table.items()]
        file = ground.folder / "vendors.toml"
        file.write_text("\n".join(lines), "utf-8")
        self.environment = {
            "RELAY_BROKER_URL": ground.broker_url,
            "RELAY_JOURNAL_URL": journal,
            "RELAY_DATA_DIR": str(ground.folder),
            "RELAY_VENDORS_FILE": str(file),
            "RELAY_LOG_LEVEL": "WARNING",
        }

    def command(self, *words: str) -> None:
        """`chargerelay …`, to its end."""
        command = [OURS, "-m", "worker.cli", *words]
        self._ground.processes.run(command, LIMIT_S, **self.environment)

    def worker(self, name: str = "relay", threads: int = 32) -> subprocess.Popen[Any]:
        """A worker that does everything."""
        command = [*WORKER, "-c", str(threads), "-n", f"{name}@bench"]
        return self._ground.processes.start(command, **self.environment)

    def workers(self, count: int) -> None:
        """So many workers, started and taking."""
        for number in range(count):
            self.worker(f"relay{number}")
        wait(lambda: self._taking() >= count, f"{count} workers take", 0.05, START_S)

    def as_deployed(self) -> list[subprocess.Popen[Any]]:
        """A worker for statuses and records, one for warnings and the clock, and beat."""
        lanes = {
            "relay": ("relay.deliver", "connector-status,charge-record", "32"),
            "urgent": ("relay.urgent,relay.clock", "safety-warning", "16"),
        }
        started = [
            self._ground.processes.start(
                [*WORKER, "-c", threads, "-n", f"{name}@bench", "-Q", queues],
                **self.environment,
                RELAY_INTAKE_KINDS=kinds,
            )
            for name, (queues, kinds, threads) in lanes.items()
        ]
        wait(lambda: self._taking() >= len(lanes), "the workers take", 0.05, START_S)
        return [*started, self.beat()]

    def beat(self) -> subprocess.Popen[Any]:
        """The clock, ticking."""
        process = self._ground.processes.start([*CELERY, "beat"], **self.environment)
        schedule = self._ground.folder / "celerybeat-schedule"
        wait(lambda: list(schedule.parent.glob("celerybeat-schedule*")), "beat", 0.05, START_S)
        return process

    def _taking(self) -> int:
        return len(self._ground.redis.keys("relay:intake:alive:*"))
