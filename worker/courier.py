"""This process's part in delivery: its lanes, each with its own pool of threads."""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime

from redis import Redis
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from config.settings import Settings
from worker import metrics
from worker.breaker import Breaker
from worker.delivery import Delivery
from worker.events import Kind
from worker.journal import engine as journal
from worker.journal import gates, sweep
from worker.journal.clock import Jumps
from worker.outcomes import OnUnclear
from worker.pace import Pace
from worker.policies import policies
from worker.roster import AnySystem, Roster
from worker.sender import Sender, line_to
from worker.telling import Teller
from worker.traces import Traces
from worker.wake import Waker

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Lane:
    delivery: Delivery
    pool: ThreadPoolExecutor
    busy: bool = False
    rung_again: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)


class Courier:
    """Delivers lanes on demand; made once per process, after any fork."""

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        redis: Redis,
        roster: Roster,
        ring: Callable[[str, Kind], None],
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        traces: Traces | None = None,
    ) -> None:
        self.roster = roster
        self.policies = policies(settings)
        self.waker = Waker(redis, ring)
        self.stopping = threading.Event()
        self._settings = settings
        self._engine = engine
        self._clock = clock
        self._traces = traces
        self._jumps = Jumps(clock)
        self._swept_at: float | None = None
        self._owner = f"{socket.gethostname()}:{os.getpid()}"
        self._breakers: dict[str, Breaker] = {}
        self._paces: dict[str, Pace] = {}
        self._lanes: dict[tuple[str, Kind], _Lane] = {}
        self._lock = threading.Lock()

    def deliver(self, vendor: str, kind: Kind) -> None:
        """Drain a lane; if this process is at it already, have it look once more.

        The journal's absence is logged, not raised: the sweep wakes the lane again.
        """
        self.waker.answered(vendor, kind)
        system = self.roster.vendors.get(vendor)
        if system is None or kind not in system.kinds():
            log.warning("%s takes no %s any more; its reports wait", vendor, kind)
            return
        lane = self._lane(system, kind)
        with lane.lock:
            lane.rung_again = True
            if lane.busy:
                lane.delivery.ring()
                return
            lane.busy = True
        try:
            while self._rung(lane):
                lane.delivery.drain()
        except BaseException as error:
            with lane.lock:
                lane.busy = False
            if not isinstance(error, SQLAlchemyError):
                raise
            log.warning("%s %s waits for the journal: %s", vendor, kind, journal.away(error))

    def wake(self, lanes: Iterable[tuple[str, Kind]]) -> None:
        """Have lanes looked at: here, where they are being drained with room for more.

        All others through the broker, so that whoever is free takes part.
        """
        self.waker.wake(lane for lane in lanes if not self._rung_here(lane))

    def sweep(self) -> None:
        """What the clock does: end leases and worth, and wake every lane in which work is due."""
        if not self._time_to_sweep():
            return
        try:
            self._sweep()
        except SQLAlchemyError as error:
            log.warning("the sweep waits for the journal: %s", journal.away(error))

    def _time_to_sweep(self) -> bool:
        """Not where many calls of the clock have piled up: one sweep does for all of them."""
        at = time.monotonic()
        with self._lock:
            if self._swept_at is not None and at - self._swept_at < self._settings.sweep_s / 4:
                return False
            self._swept_at = at
            return True

    def _sweep(self) -> None:
        now = self._jumps()
        if back_s := self._jumps.gone_back_s():
            sweep.set_back(self._engine, now, back_s, self._settings.lease_s)
        self._end_leases(now)
        sweep.end_worth(self._engine, self.policies, now)
        due = sweep.due_lanes(self._engine, self.roster.lanes(), now)
        self.waker.wake(lane for lane in due if self._open_to(*lane, now))

    def _end_leases(self, now: datetime) -> None:
        """Not right after a jump ahead: a lease that seems to be over may still be held."""
        if self._jumps.ahead_within(self._settings.lease_s):
            return
        rules, look_up_after_s = self.roster.unclear_rules(), self._settings.look_up_after_s
        ended = sweep.end_leases(self._engine, rules, now, look_up_after_s)
        metrics.LEASES_RAN_OUT.inc(ended)
        if ended:
            log.warning("%d reports were in flight on a worker that fell silent", ended)

    def stop(self) -> None:
        """Begin nothing more; what is in flight ends within its time limits."""
        self.stopping.set()

    def _open_to(self, vendor: str, kind: Kind, now: datetime) -> bool:
        urgent = self.policies[kind].urgent
        return gates.look(self._engine, vendor, kind, urgent=urgent, now=now).shut is None

    def _rung_here(self, key: tuple[str, Kind]) -> bool:
        lane = self._lanes.get(key)
        if lane is None or self.stopping.is_set():
            return False
        with lane.lock:
            if not lane.busy or lane.delivery.full:
                return False
            lane.rung_again = True
            lane.delivery.ring()
            return True

    def _rung(self, lane: _Lane) -> bool:
        with lane.lock:
            lane.busy, lane.rung_again = lane.rung_again and not self.stopping.is_set(), False
            return lane.busy

    def _lane(self, system: AnySystem, kind: Kind) -> _Lane:
        with self._lock:
            lane = self._lanes.get((system.vendor, kind))
            if lane is None:
                lane = self._lanes[(system.vendor, kind)] = self._open(system, kind)
            return lane

    def _open(self, system: AnySystem, kind: Kind) -> _Lane:
        own, settings = system.settings, self._settings
        timeout_s = own.timeout_s or settings.request_timeout_s
        http = line_to(system, settings)
        pace = self._paces.setdefault(
            system.vendor, Pace(own.rate_per_s, clock=time.monotonic, sleep=self.stopping.wait)
        )
        breaker = self._breakers.setdefault(
            system.vendor, Breaker(self._engine, system.vendor, settings, time.monotonic)
        )
        teller = Teller(
            Sender(system, http, pace, clock=self._clock, keep_bytes=settings.body_keep_bytes),
            self.policies[kind],
            breaker,
            settings,
            pack_size=system.takes[kind].pack,
            all_or_nothing=system.takes[kind].all_or_nothing,
            timeout_s=timeout_s,
            unclear_wait_s=(
                settings.look_up_after_s if system.unclear_rule(kind) is OnUnclear.VERIFY else 0.0
            ),
            clock=self._clock,
            stopping=self.stopping,
        )
        pool = ThreadPoolExecutor(own.concurrency, f"{system.vendor}-{kind}")
        delivery = Delivery(
            self._engine,
            system.vendor,
            self.policies[kind],
            teller,
            breaker,
            pool,
            owner=self._owner,
            pack_size=system.takes[kind].pack,
            concurrency=own.concurrency,
            lease_s=settings.lease_s,
            on_unclear=system.unclear_rule(kind),
            clock=self._clock,
            stopping=self.stopping,
            traces=self._traces,
        )
        return _Lane(delivery, pool)
