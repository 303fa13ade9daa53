"""docker-compose.yml without an engine: commands and health checks as processes of this machine.

What the file says of places and ports is put where it is here; everything else stays as it stands.
A container's files that only it sees (secrets, volumes, /tmp) are a directory of its own.
"""

import re
import shlex
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.journey.image import ROOT, Image
from tests.journey.relay import until
from tests.journey.test_first_run import free_port

FILE = ROOT / "docker-compose.yml"
PORTS = ("5432", "5555", "6379", "7380", "7381")
VARIABLE = re.compile(r"\$\$|\$\{(\w+):-([^}]*)\}")
Command = list[str]
Service = Mapping[str, Any]


class Composed:
    """The services of the file, each started as the file says."""

    def __init__(self, folder: Path) -> None:
        content = yaml.safe_load(FILE.read_text("utf-8"))
        self.folder = folder
        self.services: dict[str, Service] = content["services"]
        self._secrets: dict[str, Service] = content["secrets"]
        self._images: dict[str, Image] = {}
        self._ports = {port: str(free_port()) for port in PORTS}
        # Each container has a port of its own of the same number.
        self._metrics = {name: str(free_port()) for name in self.services}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.programs = folder / "programs"  # of the images that are not built here
        self.programs.mkdir()

    def ours(self) -> list[str]:
        """The services that are built here."""
        return [name for name, service in self.services.items() if "build" in service]

    def port(self, name: str) -> int:
        """Where a port of the file is here."""
        return int(self._ports[name])

    def place(self, name: str) -> Path:
        """What only this service's container sees: its secrets, its volumes, its /tmp."""
        return self.folder / "containers" / name

    def prepare(self, name: str) -> None:
        """Mount what the file mounts, and nothing else; a volume that it names is empty."""
        own, service = self.place(name), self.services[name]
        for part in ("secrets", "data", "tmp", "config"):
            (own / part).mkdir(parents=True)
        for secret in service.get("secrets", ()):
            shutil.copy(self.folder / self._secrets[secret]["file"], own / "secrets" / secret)
        for volume in service.get("volumes", ()):
            source, target, *_ = volume.split(":")
            if source.startswith("./"):
                mounted = Path(self.here(name, target))
                copy = shutil.copytree if (self.folder / source).is_dir() else shutil.copy
                copy(self.folder / source, mounted)

    def here(self, name: str, text: str) -> str:
        """A text of the file as it is for this service here."""
        filled = VARIABLE.sub(lambda found: found[2] if found[1] else "$", text)
        own = self.place(name)
        places = {
            "redis://valkey:": "redis://127.0.0.1:",
            "@postgres:": "@127.0.0.1:",
            "0.0.0.0": "127.0.0.1",
            "/run/secrets": str(own / "secrets"),
            "/config/vendors.toml": str(own / "config" / "vendors.toml"),
            "/tmp/": f"{own}/tmp/",
            "/data": str(own / "data"),
            **self._ports,
            "9464": self._metrics[name],
        }
        return re.sub("|".join(map(re.escape, places)), lambda found: places[found[0]], filled)

    def environment(self, name: str) -> dict[str, str]:
        """What the image and the file give, and nothing of this machine."""
        said = {k: str(v) for k, v in self.services[name].get("environment", {}).items()}
        if name not in self.ours():
            programs = {"PATH": f"{self.programs}:/usr/bin:/bin"}
            return programs | {key: self.here(name, value) for key, value in said.items()}
        given = self._image(name).environment()
        kept = {"PATH": given.pop("PATH"), "PYTHONPATH": given.pop("PYTHONPATH")}
        moved = {key: self.here(name, value) for key, value in (given | said).items()}
        return moved | kept | {
            "RELAY_SECRETS_DIR": self.here(name, "/run/secrets"),  # the default, which is fixed
            "RELAY_CALLBACKS_PORT": self._ports["7380"],
            "RELAY_STALL_S": "3",  # a worker looks at its health every half second
            "HOME": "/nonexistent",
        }  # fmt: skip

    def directory(self, name: str) -> Path:
        """Where its commands run."""
        return self._image(name).work if name in self.ours() else self.place(name) / "data"

    def _image(self, name: str) -> Image:
        stage = self.services[name]["build"]["target"]
        if stage not in self._images:
            self._images[stage] = Image(self.folder / "images" / stage, stage)
        return self._images[stage]

    def command(self, name: str) -> Command:
        """A service's command."""
        said = self.services[name]["command"]
        words = shlex.split(said) if isinstance(said, str) else said
        return [self.here(name, word).rstrip() for word in words]

    def start(self, name: str, command: Command | None = None, user: str | None = None) -> None:
        """Start a service by its own command, or by the one that its image has."""
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                command or self.command(name),
                cwd=self.directory(name),
                env=self.environment(name),
                user=user,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def execute(self, name: str, *command: str, within_s: float = 60) -> int:
        """`docker compose exec`: the exit code."""
        done = subprocess.run(
            command,
            cwd=self.directory(name),
            env=self.environment(name),
            capture_output=True,
            timeout=within_s,
            check=False,
        )
        return done.returncode

    def healthy(self, name: str) -> bool:
        """What the service's health check says."""
        check = self.services[name]["healthcheck"]
        how, *words = [self.here(name, word) for word in check["test"]]
        command = words if how == "CMD" else ["/bin/sh", "-c", *words]
        try:
            return self.execute(name, *command, within_s=float(check["timeout"].rstrip("s"))) == 0
        except subprocess.TimeoutExpired:
            return False

    def ready(self, name: str, condition: str) -> None:
        """Wait as `depends_on` does."""
        process = self.processes[name]
        if condition == "service_completed_successfully":
            assert process.wait(60) == 0, self.log(name)
        else:
            until(lambda: self._fails(name) or self.healthy(name), f"{name} is healthy")

    def _fails(self, name: str) -> bool:
        code = self.processes[name].poll()
        assert code is None, f"{name} ended with {code}: {self.log(name)}"
        return False

    def stop(self, name: str) -> int:
        """Stop it as compose does, within its grace; returns the exit code."""
        service, process = self.services[name], self.processes[name]
        process.send_signal(signal.Signals[service.get("stop_signal", "SIGTERM")])
        return process.wait(float(service["stop_grace_period"].rstrip("s")))

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text("utf-8")

    def close(self) -> None:
        for process in reversed(self.processes.values()):
            if process.poll() is None:
                process.kill()
            process.wait()


def in_order(services: Mapping[str, Service], start: Callable[[str], None]) -> None:
    """Start each once those are started that it depends on."""
    started: set[str] = set()
    while left := [name for name in services if name not in started]:
        for name in left:
            if set(services[name].get("depends_on", ())) <= started:
                start(name)
                started.add(name)
