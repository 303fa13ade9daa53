"""One cell's stage: a relay of real processes, a proxy before every server, and the count."""

import contextlib
import signal
import subprocess
import sys
import time
from collections import defaultdict
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy
from celery import Celery
from redis.exceptions import RedisError
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from tests.chaos import accounting, doubt, ground, hold
from tests.chaos.disk import Disk
from tests.chaos.ground import Ground
from tests.chaos.load import RECORD, STATUS, WARNING, Producer, Size
from tests.chaos.proxy import Proxy
from tests.chaos.servers import PATIENCE_S, InVain, Postgres, until
from tests.journey.relay import CELERY, Relay
from tests.sandbox.callers import Control
from worker.embedded import progress
from worker.journal import tables

Started = subprocess.Popen[bytes]
LEASE_S = 18.0
TIMES = {
    "RELAY_REQUEST_TIMEOUT_S": "2",
    "RELAY_CONNECT_TIMEOUT_S": "1",
    "RELAY_BURST_S": "0.3",
    "RELAY_BURST_TRIES": "2",
    "RELAY_LEASE_S": str(LEASE_S),
    "RELAY_LOOK_UP_AFTER_S": "0.5",
}
GARAGE = {"system": "parkpot", "port_name": "acme", "park_id": "3302122004", "key": "sandbox-key"}
CITY = {"system": "charging_station", "operator_id": "395815801", "secret": "sandbox-secret"}
WORKER = ("worker", "-P", "threads", "-c", "16", "--without-gossip", "--without-mingle")


@dataclass
class Clockwork:
    """When it was healed, when delivery went on, when all was told."""

    healed: float | None = None
    accepted_then: int = 0
    went_on_s: float | None = None
    ended_s: float | None = None


@dataclass
class Stage:
    """What a cell acts on."""

    place: Ground
    folder: Path
    database: str
    size: Size
    seed: int
    fsync: str = "everysec"
    disk: Disk | None = None
    """A small file system for the journal."""
    server: Postgres | None = None
    clock: Clockwork = field(default_factory=Clockwork)
    doubtful: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    in_flight: int = 0
    notes: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    """What the cell itself has found wrong."""

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.broker = self.place.broker(self.folder, self.fsync)
        self.broker_line = Proxy(("127.0.0.1", self.broker.port))
        self.vendor_line = Proxy(("127.0.0.1", self.place.sandbox.port))
        self.journal_line: Proxy | None = None
        direct, proxied = self._journal()
        base = f"http://127.0.0.1:{self.vendor_line.port}"
        vendors = {
            "city-platform": CITY | {"risk_url": f"{base}/city-platform/risk"},
            "mall-garage": GARAGE,
            "held-garage": GARAGE | {"on_unclear": "hold"},
        }
        vendors = {name: t | {"base_url": f"{base}/{name}"} for name, t in vendors.items()}
        self.controls = {name: Control(self.place.sandbox.url, name) for name in vendors}
        for control in self.controls.values():
            control.clean()
        broker = f"redis://127.0.0.1:{self.broker.port}/0"
        self.relay = Relay(self.folder, broker, direct, vendors)
        self.relay.environment |= TIMES | {
            "RELAY_BROKER_URL": f"redis://127.0.0.1:{self.broker_line.port}/0",
            "RELAY_JOURNAL_URL": proxied,
        }
        self._bell = Celery(broker=broker, set_as_current=False)
        self.producer = Producer(self.broker.client, self.seed)

    def _journal(self) -> tuple[str, str]:
        """Its address for us, and for the processes under test."""
        if self.database == "sqlite":
            url = self.place.sqlite(self.disk.folder if self.disk else self.folder)
            return url, url
        if self.disk is not None:
            self.server = self.place.another_postgres(self.disk.folder / "postgres")
        server = self.server = self.server or self.place.postgres()
        name = ground.database(server)
        self.journal_line = Proxy(("127.0.0.1", server.port))
        return server.url(name), server.url(name, self.journal_line.port)

    def worker(self, name: str = "one", **environment: str) -> Started:
        """A worker that does everything."""
        command = (*CELERY, *WORKER, "-n", f"{name}@chaos")
        return self.relay.start(*command, log=name, **environment)

    def beat(self, name: str = "beat") -> Started:
        """A clock, with a timetable file of its own."""
        schedule = str(self.folder / f"{name}.schedule")
        return self.relay.start(*CELERY, "beat", "-s", schedule, log=name)

    def callbacks_again(self) -> None:
        """Start the callback server once more, on its port."""
        command = (sys.executable, "-m", "worker.cli", "callbacks")
        self.relay.start(*command, log="callbacks-again")

    def begin(self) -> Started:
        """A clock, and a worker that has delivered something."""
        self.beat()
        first = self.worker("one")
        self.warm_up()
        return first

    def warm_up(self) -> None:
        """One load all the way, so that tokens are there and connections open."""
        self.producer.publish(Size(records=2, connectors=2, readings=1, warnings=1))
        self.settle()

    def journal_held(self, table: str = "event") -> AbstractContextManager[None]:
        """Nobody else writes to the table (SQLite: to the journal) meanwhile."""
        return hold.held(self.relay.engine, table)

    def slow_vendors(self, ms: int) -> None:
        """Every vendor takes so long to answer."""
        for control in self.controls.values():
            control.fault("latency", ms=ms)

    def queues(self) -> list[str]:
        """The producers' lists."""
        return [RECORD, STATUS, WARNING]

    def well_again(self) -> None:
        """No vendor has a fault any more."""
        for control in self.controls.values():
            control.call("DELETE", "faults")

    def lanes(self) -> list[tuple[str, str]]:
        """Every vendor with each kind that it takes."""
        return [(vendor, kind) for vendor, kinds in accounting.TAKES.items() for kind in kinds]

    def ring(self, vendor: str, kind: str) -> None:
        """One more wake-up of a lane, past the key that makes them coalesce."""
        self._bell.send_task("tasks.deliver", args=[vendor, kind], queue="relay.deliver")

    def taken(self) -> int:
        """Items that stand in processing lists."""
        redis = self.broker.client
        return sum(int(redis.llen(name)) for name in redis.scan_iter("*:processing:*"))

    def sending(self, vendor: str | None = None) -> int:
        """Reports that are leased, of a vendor or of all."""
        return self._count(tables.report.c.state == "sending", vendor)

    def accepted(self, vendor: str | None = None) -> int:
        """Reports that were accepted."""
        return self._count(tables.report.c.state == "accepted", vendor)

    def all_sending(self) -> bool:
        """Whether every vendor's records are leased, and the statuses."""
        return all(self.sending(vendor) for vendor in self.controls)

    def received(self) -> dict[str, int]:
        """Items that the vendors have, repeated ones too."""
        counters = {name: control.counters() for name, control in self.controls.items()}
        return {n: c["accepted_items"] + c["repeated_items"] for n, c in counters.items()}

    def states(self, vendor: str) -> dict[str, int]:
        """A vendor's reports by state."""
        return self.relay.states(vendor)

    def watch(self, seconds: float) -> None:
        """Let time pass, and see whether delivery has gone on meanwhile."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._ended()
            time.sleep(0.05)

    def _count(self, condition: sqlalchemy.ColumnElement[bool], vendor: str | None) -> int:
        query = select(func.count()).select_from(tables.report).where(condition)
        if vendor is not None:
            query = query.where(tables.report.c.vendor == vendor)
        return int(self.relay.rows(query)[0][0])

    def kill(self, process: Started) -> None:
        """SIGKILL by its pid; what was in flight then is in doubt."""
        process.send_signal(signal.SIGKILL)
        process.wait()

    def doubt(self) -> None:
        """Remember the reports that are in flight now: their fate may be unclear."""
        rows = doubt.in_flight(self.relay)
        self.in_flight += len(rows)
        for vendor, kind, subject in rows:
            if kind == RECORD:
                self.doubtful[vendor].add(subject)

    def healed(self) -> None:
        """From now on the time to recover is counted."""
        self.clock.healed = time.monotonic()
        self.clock.accepted_then = self.accepted()

    def settle(self, patience_s: float = PATIENCE_S) -> None:
        """Wait until all that was published is journalled and every report has ended."""
        until(self._ended, "all reports have ended", patience_s)
        if self.clock.healed is not None:
            self.clock.ended_s = time.monotonic() - self.clock.healed

    def _ended(self) -> bool:
        clock = self.clock
        try:
            waiting = clock.healed is not None and clock.went_on_s is None
            if waiting and self.accepted() > clock.accepted_then:
                clock.went_on_s = time.monotonic() - (clock.healed or 0.0)
            return self.journalled() and progress.settled(self.broker.client, self.relay.engine)
        except (SQLAlchemyError, RedisError):
            return False

    def journalled(self) -> bool:
        """Whether all that was published stands in the journal in some form."""
        event, conflict = tables.event.c, tables.conflict.c
        queries = (
            select(func.count() + func.coalesce(func.sum(event.duplicates), 0)),
            select(func.coalesce(func.sum(conflict.repeats + 1), 0)),
            select(func.count()).select_from(tables.reject),
        )
        return sum(int(self.relay.rows(q)[0][0]) for q in queries) >= self.producer.book.events

    def account(self) -> accounting.Account:
        """The exact count."""
        for vendor, order in doubt.unanswered(self.relay):
            self.doubtful[vendor].add(order)
        kept = accounting.look(self.relay.engine, self.broker.client)
        seen = {name: accounting.ask(control) for name, control in self.controls.items()}
        return accounting.settle(self.producer.book, kept, seen, self.doubtful)

    def unclear(self) -> int:
        """Reports that were Unclear at some time."""
        return doubt.count(self.relay, self.folder)

    def close(self) -> None:
        """End every process by its pid."""
        for line in (self.broker_line, self.vendor_line, self.journal_line):
            if line is not None:
                line.close()
        with contextlib.suppress(InVain):
            self.relay.close()
        self._bell.close()
        self.broker.close()
        if self.disk is not None:
            if self.server is not None:
                self.server.close()
            self.disk.close()
        for control in self.controls.values():
            control.clean()
