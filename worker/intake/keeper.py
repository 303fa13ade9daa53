"""The intake of one worker: a thread for each queue, and one that keeps its name alive."""

import logging
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial

from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import Engine

from config.settings import Settings
from worker.events import Event, Kind
from worker.intake.loop import Loop
from worker.intake.presence import Presence
from worker.intake.read import Reader
from worker.intake.take import Taker
from worker.journal import accept as journal
from worker.journal.accept import Accepted, Arrival, Unread
from worker.journal.opening import Lane
from worker.policies import policies
from worker.traces import Traces

log = logging.getLogger(__name__)

STOP_WITHIN_S = 20


class Intake:
    """Started and stopped once; works through the broker's and the journal's absences."""

    def __init__(
        self,
        settings: Settings,
        node: str,
        redis: Redis,
        engine: Engine,
        route: Callable[[Event], list[str]],
        tell_all: frozenset[str],
        wake: Callable[[Iterable[Lane]], None],
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        traces: Traces | None = None,
    ) -> None:
        self._settings = settings
        self._redis = redis
        self._engine = engine
        self._route = route
        self._tell_all = tell_all
        self._policies = policies(settings)
        self._clock = clock
        self._traces = traces
        self._stopping = threading.Event()
        self._presence = Presence(redis, node, ttl_s=settings.heartbeat_ttl_s)
        self._loops = {kind: self._loop(kind, wake) for kind in Kind}
        work = {f"intake-{kind}": self._loops[Kind(kind)].run for kind in settings.intake_kinds}
        work |= {"intake-beat": self._beat, "intake-adopt": self._adopt}
        self._threads = [
            threading.Thread(target=target, name=name, daemon=True) for name, target in work.items()
        ]

    def start(self) -> None:
        """Begin to take."""
        log.info("%s takes from %s", self._presence.name, ", ".join(self._settings.intake_kinds))
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Take no more; what is in hand is journalled, or stays in its processing list."""
        self._stopping.set()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(STOP_WITHIN_S)
        try:
            self._presence.leave()
        except RedisError as error:
            log.warning("the broker does not answer: %s", error)

    def _beat(self) -> None:
        while not self._stopping.wait(self._settings.heartbeat_s):
            try:
                self._presence.beat()
            except RedisError as error:
                log.warning("the broker does not answer: %s", error)

    def _adopt(self) -> None:
        """Take up what the dead held of any queue, also of those that this worker does not read."""
        while not self._stopping.wait(self._settings.heartbeat_s):
            try:
                for name in self._presence.dead():
                    left = [loop.adopt(name) for loop in self._loops.values()]
                    if all(left):
                        self._presence.bury(name)
            except RedisError as error:
                log.warning("the broker does not answer: %s", error)
            except Exception:
                log.exception("what a dead worker held could not be taken up; it stays")

    def _loop(self, kind: Kind, wake: Callable[[Iterable[Lane]], None]) -> Loop:
        settings = self._settings
        return Loop(
            partial(
                Taker,
                self._redis,
                kind.value,
                max_items=settings.intake_batch_items,
                max_bytes=settings.intake_batch_bytes,
            ),
            self._presence.name,
            Reader(
                kind,
                item_max_bytes=settings.item_max_bytes,
                keep_bytes=settings.reject_keep_bytes,
                status_future_s=settings.status_future_s,
            ),
            partial(self._accept, kind),
            partial(journal.fault, self._engine),
            wake,
            queue=kind,
            clock=self._clock,
            stopping=self._stopping,
            traces=self._traces,
        )

    def _accept(
        self,
        kind: Kind,
        batch_id: str,
        arrivals: list[Arrival],
        unread: list[Unread],
        now: datetime,
    ) -> Accepted:
        return journal.accept(
            self._engine,
            batch_id,
            kind,
            arrivals,
            unread,
            policies=self._policies,
            route=self._route,
            now=now,
            tell_all=self._tell_all,
        )
