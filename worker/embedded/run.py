"""Starting everything that a relay needs on one machine, and stopping it in order."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.settings import Settings
from worker.deployment import Deployment
from worker.embedded import broker, console
from worker.embedded.children import Children, wait_until
from worker.events import Kind
from worker.journal import migrate
from worker.producer import Producer
from worker.wire import read_json

CONFIG = Path(__file__).parents[2] / "config"
SAMPLES = CONFIG / "samples.jsonl"
SANDBOX_VENDORS = CONFIG / "sandbox.vendors.toml"
SANDBOX_FILE = "sandbox.vendors.toml"
# No gossip: its queues stay behind in Redis and grow (celery#6089).
WORKER = ("worker", "-P", "threads", "-c", "32", "--without-gossip", "--without-mingle", "-E")
SERVE_METRICS = 3  # the two workers and the callback server
STOP_WORKER_WITHIN_S = 60
STOP_CALLBACKS_WITHIN_S = 15


class NotStarted(Exception):
    """A part did not come up; the message says which and what to do."""


class Relay:
    """The processes of one machine."""

    def __init__(self, settings: Settings) -> None:
        self.sandboxed = settings.vendors_file is None
        if self.sandboxed:
            settings = settings.model_copy(update={"vendors_file": _sandbox_file(settings)})
        self.settings = settings
        self.children = Children(settings.data_dir / "log")
        self.deployment = Deployment(settings)
        self.console_login = None if settings.console_people else console.login(settings.data_dir)

    def start(self) -> None:
        """Start all parts, each once the ones it stands on answer.

        Raises:
            NotReady, NoBroker, NotStarted, ChildDied: one sentence on what is missing.
        """
        settings = self.settings
        if not settings.broker_url:
            broker.start(self.children, settings.embedded_port, settings.data_dir)
        if self.sandboxed:
            self._start_sandbox()
        migrate.upgrade(self.deployment.engine)
        self.deployment.check()
        for port in self._metrics_ports():
            self._refuse_taken(port, "RELAY_METRICS_PORT")
        self._start_callbacks()
        self._start_workers()

    def publish_samples(self) -> int:
        """Put the sample events on their queues; returns how many."""
        producer = Producer(self.deployment.redis)
        by_kind: dict[Kind, list[dict[str, object]]] = {}
        for line in SAMPLES.read_text("utf-8").splitlines():
            event = read_json(line)
            if isinstance(event, dict):
                by_kind.setdefault(Kind(event.pop("kind")), []).append(event)
        return sum(producer.publish(kind, events) for kind, events in by_kind.items())

    def stop(self) -> None:
        """Stop all parts, the broker last."""
        self.children.stop()

    def _start_sandbox(self) -> None:
        port = self.settings.sandbox_port
        self._refuse_taken(port, "RELAY_SANDBOX_PORT")
        command = [sys.executable, "-m", "sandbox", "--port", str(port)]
        self.children.start("sandbox", command, stop_within_s=5)
        if not wait_until(
            lambda: not broker.port_free(port, within_s=0), self.children, seconds=30
        ):
            raise NotStarted("the sandbox vendors do not answer")

    def _start_callbacks(self) -> None:
        self._refuse_taken(self.settings.callbacks_port, "RELAY_CALLBACKS_PORT")
        command = [sys.executable, "-m", "worker.cli", "callbacks"]
        self.children.start(
            "callbacks",
            command,
            self._environment(2) | self._login(),
            stop_within_s=STOP_CALLBACKS_WITHIN_S,
        )

    def _login(self) -> dict[str, str]:
        return {} if self.console_login is None else {"RELAY_CONSOLE_LOGINS": self.console_login}

    def _refuse_taken(self, port: int, setting: str) -> None:
        if not broker.port_free(port, within_s=5):
            raise NotStarted(f"port {port} on 127.0.0.1 is taken: set {setting} to a free one")

    def _start_workers(self) -> None:
        """One worker for statuses and records, one for warnings and what the clock asks for.

        Lanes that hang may hold every thread of the first; the sweep must not wait for them.
        """
        celery = [sys.executable, "-m", "celery", "-A", "worker.app"]
        environment = self._environment()
        self.children.start(
            "worker",
            [*celery, *WORKER, "-n", "relay@%h", "-Q", "relay.deliver"],
            environment | {"RELAY_INTAKE_KINDS": f"{Kind.CONNECTOR_STATUS},{Kind.CHARGE_RECORD}"},
            stop_within_s=STOP_WORKER_WITHIN_S,
        )
        self.children.start(
            "urgent",
            [*celery, *WORKER, "-n", "urgent@%h", "-Q", "relay.urgent,relay.clock"],
            self._environment(1) | {"RELAY_INTAKE_KINDS": Kind.SAFETY_WARNING.value},
            stop_within_s=STOP_WORKER_WITHIN_S,
        )
        self.children.start("beat", [*celery, "beat"], environment)

    def _environment(self, number: int = 0) -> dict[str, str]:
        """What a child is told; those that serve metrics are numbered, each has its port."""
        settings = self.settings
        ports = self._metrics_ports()
        return {
            "RELAY_BROKER_URL": settings.broker,
            "RELAY_JOURNAL_URL": settings.journal,
            "RELAY_DATA_DIR": str(settings.data_dir),
            "RELAY_VENDORS_FILE": str(settings.vendors_file),
            "RELAY_METRICS_PORT": str(ports[number] if ports else 0),
        }

    def _metrics_ports(self) -> range:
        """Of those that serve metrics; none unless it is wanted."""
        first = self.settings.metrics_port
        return range(first, first + SERVE_METRICS) if first else range(0)


def _sandbox_file(settings: Settings) -> Path:
    """The vendors file of the sandbox, with its port filled in."""
    path = settings.data_dir / SANDBOX_FILE
    text = SANDBOX_VENDORS.read_text("utf-8").replace("{port}", str(settings.sandbox_port))
    path.write_text(text, "utf-8")
    return path


@contextmanager
def running(settings: Settings) -> Iterator[Relay]:
    """A started relay; stopped at the end, however it comes."""
    relay = Relay(settings)
    try:
        relay.start()
        yield relay
    finally:
        relay.stop()
