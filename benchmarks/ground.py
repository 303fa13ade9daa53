"""Fresh servers for one measurement: a broker with its file on, a vendor, a journal."""

import subprocess
import sys
import tempfile
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from redis import Redis
from redis.exceptions import RedisError

from benchmarks.asking import Asked
from benchmarks.filling import EMPTY, Filling
from benchmarks.ports import free_port
from benchmarks.processes import Processes
from benchmarks.shelf import Shelf
from benchmarks.waiting import LIMIT_S, wait
from worker.embedded.broker import find_server

START_S = 60
LISTING = 500


class Ground:
    """Used as a context; everything that was started ends with it."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._journals: list[str] = []
        self.redis = Redis()

    def __enter__(self) -> Self:
        """Start the broker."""
        self._folder = tempfile.TemporaryDirectory(prefix="relay-bench-")
        self.folder = Path(self._folder.name)
        self.processes = Processes(self.folder)
        try:
            self._start_broker()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End what was started, the last first."""
        self.processes.end()
        self.redis.close()
        for url in self._journals:
            self._shelf.drop(url)
        self._folder.cleanup()

    def journal(self, database: str, filling: Filling = EMPTY) -> str:
        """The address of a migrated journal with that much in it."""
        url = self._shelf.journal(database, filling)
        self._journals.append(url)
        return url

    def vendor(self) -> Asked:
        """A vendor that listens."""
        port = self._vendor_port()
        wait(
            lambda: port.exists() and port.read_text().strip(), "the vendor listens", 0.01, START_S
        )
        return Asked(int(port.read_text()), self.processes.check)

    def start(self, command: list[str], **environment: str) -> subprocess.Popen[Any]:
        """Start a process with the broker's address."""
        return self.processes.start(command, BENCH_BROKER_URL=self.broker_url, **environment)

    def run(self, command: list[str], **environment: str) -> None:
        """Run a process to its end."""
        self.processes.run(command, LIMIT_S, BENCH_BROKER_URL=self.broker_url, **environment)

    def push(self, queue: str, items: Iterable[str]) -> None:
        """Put items on a list."""
        left = iter(items)
        while some := list(islice(left, LISTING)):
            self.redis.lpush(queue, *some)

    def _start_broker(self) -> None:
        port = free_port()
        options = {"bind": "127.0.0.1", "port": port, "dir": self.folder, "save": ""}
        options |= {"appendonly": "yes", "appendfsync": "everysec"}
        words = [str(word) for name, value in options.items() for word in (f"--{name}", value)]
        self.processes.start([find_server(), *words])
        self.broker_url = f"redis://127.0.0.1:{port}/0"
        self.redis = Redis(port=port)
        wait(self._broker_answers, "the broker answers", limit_s=START_S)

    def _broker_answers(self) -> bool:
        try:
            return bool(self.redis.ping())
        except RedisError:
            return False

    def _vendor_port(self) -> Path:
        path = self.folder / "vendor.port"
        self.processes.start([sys.executable, "-m", "benchmarks.vendor", str(path)])
        return path
