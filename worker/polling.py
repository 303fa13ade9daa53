"""Asking the vendors that do not tell: each in its own time, by one worker of all.

Two keys per vendor in Redis say whether it is due and whether a worker is at it. A third per
connector holds what was last put on the queue: a status is published when it changed, and again
once that key has expired. If Redis forgets them, statuses are told once more, and none is lost.
"""

import contextlib
import hashlib
import json
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from redis import Redis
from redis.exceptions import LockError
from redis.lock import Lock

from config.settings import Settings
from worker.asking import Asker
from worker.events import Kind
from worker.exchange import Http
from worker.producer import Producer
from worker.roster import AnySystem, Roster
from worker.sender import line_to
from worker.vendor import Send

log = logging.getLogger(__name__)

DUE = "relay:poll:{vendor}"
AT_IT = "relay:polling:{vendor}"
LAST = "relay:polled:{vendor}:{operator}/{connector}"
AGAIN_S = 600
CHUNK = 500
# They change all the time, and the status says enough in between.
MEASURED = frozenset(
    {
        "updateTime",
        "voltage",
        "current",
        "power",
        "quantity",
        "residualCurrent",
        "envTemperature",
        "cirTemperature",
    }
)

Told = tuple[Kind, Mapping[str, object]]


class Poller:
    """Polls whatever is due; has no state of its own, so that any worker may."""

    def __init__(
        self,
        settings: Settings,
        redis: Redis,
        roster: Roster,
        *,
        stopping: threading.Event | None = None,
        line: Callable[[AnySystem, Settings], Http] = line_to,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Poll the roster's vendors, each over a `line` opened for one polling.

        Kept longer, a connection would be idle for most of the time, and closed when it is needed.
        """
        self._settings = settings
        self._redis = redis
        self._roster = roster
        self._stopping = stopping or threading.Event()
        self._line = line
        self._clock = clock

    def poll(self) -> None:
        """Poll every vendor that is due; what goes wrong is a line in the log, and no more."""
        for system in self._roster.vendors.values():
            if system.settings.poll_s is None or self._stopping.is_set():
                continue
            try:
                self._poll(system, system.settings.poll_s)
            except Exception as error:  # noqa: BLE001 whatever it is, the other vendors go on
                why = " ".join(f"{type(error).__name__}: {error}".split())
                log.warning("%s: not polled: %s", system.vendor, why)

    def _poll(self, system: AnySystem, poll_s: float) -> None:
        """Poll one vendor, unless a worker is at it or was a short while ago."""
        at_it = self._redis.lock(AT_IT.format(vendor=system.vendor), timeout=self._settings.lease_s)
        if not at_it.acquire(blocking=False):
            return
        try:
            due = DUE.format(vendor=system.vendor)
            if self._redis.set(due, 1, nx=True, px=max(1, round(1000 * poll_s))):
                self._publish(system.vendor, system.poll(self._send(system, at_it)))
        finally:
            with contextlib.suppress(LockError):
                at_it.release()

    def _send(self, system: AnySystem, at_it: Lock) -> Send:
        """Signs and sends for the system, and keeps the lock for one more request."""
        http = self._line(system, self._settings)
        asker = Asker(
            system, http, self._settings, at_it, stopping=self._stopping, clock=self._clock
        )
        return asker.send

    def _publish(self, vendor: str, told: Sequence[Told]) -> None:
        """Put on the queues what is new, then remember it: a crash in between tells it twice."""
        producer = Producer(self._redis)
        for kind in Kind:
            events = [event for its_kind, event in told if its_kind is kind]
            if kind is not Kind.CONNECTOR_STATUS:
                producer.publish(kind, events)
                continue
            for first in range(0, len(events), CHUNK):
                self._publish_changes(vendor, producer, events[first : first + CHUNK])

    def _publish_changes(
        self, vendor: str, producer: Producer, events: Sequence[Mapping[str, object]]
    ) -> None:
        keys = [
            LAST.format(
                vendor=vendor, operator=event.get("operatorId"), connector=event.get("connectorId")
            )
            for event in events
        ]
        known = self._redis.mget(keys)
        said = [_digest(event) for event in events]
        new = [n for n in range(len(events)) if known[n] != said[n]]
        producer.publish(Kind.CONNECTOR_STATUS, [events[n] for n in new])
        with self._redis.pipeline(transaction=False) as pipeline:
            for n in new:
                pipeline.set(keys[n], said[n], ex=AGAIN_S)
            pipeline.execute()


def _digest(event: Mapping[str, object]) -> bytes:
    """Of what a status says, measurements apart."""
    content = {name: value for name, value in event.items() if name not in MEASURED}
    text = json.dumps(content, default=str, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest().encode()
