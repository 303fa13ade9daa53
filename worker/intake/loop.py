"""One queue's way into the journal: take → read → accept → release, for ever."""

import logging
import threading
import uuid
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from worker import metrics
from worker.events import Kind
from worker.intake.read import Reader
from worker.intake.take import Batch, Taker
from worker.journal import engine as journal
from worker.journal.accept import Accepted, Arrival, Unread
from worker.journal.opening import Lane
from worker.traces import Traces

log = logging.getLogger(__name__)

Storable = Callable[[Arrival], str | None]
Accept = Callable[[str, list[Arrival], list[Unread], datetime], Accepted]
MOST_NAMED = 50
WAIT_S = 1
FEW = 4
GATHER_S = 0.005
BACK_OFF_S = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


class Loop:
    """Moves one queue's items into the journal.

    While the journal is away the batch in hand stays where it is, and no further one is taken.
    """

    def __init__(
        self,
        taker_of: Callable[[str], Taker],
        name: str,
        reader: Reader,
        accept: Accept,
        storable: Storable,
        wake: Callable[[Iterable[Lane]], None],
        *,
        queue: Kind,
        clock: Callable[[], datetime],
        stopping: threading.Event,
        traces: Traces | None = None,
    ) -> None:
        self._taker_of = taker_of
        self._taker = taker_of(name)
        self._reader = reader
        self._accept = accept
        self._storable = storable
        self._wake = wake
        self._queue = queue.value
        self._counts = metrics.OfQueue(queue.value)
        self._clock = clock
        self._stopping = stopping
        self._traces = traces

    def run(self) -> None:
        """Work until stopped. The broker's absence is waited out, not raised."""
        failures = 0
        while not self._stopping.is_set():
            try:
                if not self.turn():
                    self._taker.wait(WAIT_S)
                failures = 0
            except RedisError as error:
                failures += 1
                log.warning("the broker does not answer: %s", error)
                self._pause(failures)
            except Exception:
                failures += 1
                log.exception("the intake stumbled; what it holds stays where it is")
                self._pause(failures)

    def turn(self) -> bool:
        """Take one batch all the way; False when there was none.

        Where several come while one batch is written, a moment more makes fewer batches of them.
        """
        batch = self._taker.take(uuid.uuid4().hex)
        if batch is None:
            return False
        self._finish(self._taker, batch)
        if len(batch.items) >= FEW:
            self._stopping.wait(GATHER_S)
        return True

    def adopt(self, dead: str) -> bool:
        """Take up what a dead worker held; False if something of it had to stay.

        Two workers may adopt one batch: its id lets the journal accept it once.
        """
        taker = self._taker_of(dead)
        while batch := taker.take_held(uuid.uuid4().hex):
            log.warning("adopting %d items that %s held", len(batch.items), dead)
            self._finish(taker, batch)
            if self._stopping.is_set():
                return False
        return True

    def _finish(self, taker: Taker, batch: Batch) -> None:
        """Journal a taken batch, release it and wake its lanes; left in place when stopped."""
        accepted = self._journal(batch)
        if accepted is None:
            return
        taker.release(batch)
        self._wake(accepted.lanes)
        self._count(batch, accepted)
        log.info(
            "took %d items: %d events, %d duplicates, %d conflicts, %d rejects%s",
            len(batch.items),
            accepted.events,
            accepted.duplicates,
            accepted.conflicts,
            accepted.rejects,
            " (batch known already)" if accepted.repeated_batch else "",
            extra={"fields": {"queue": self._queue, "batch": batch.id}},
        )

    def _name(self, batch: Batch, accepted: Accepted, unread: Sequence[Unread]) -> None:
        """What a person has to look at, by what it is found with; the first of many."""
        fields = {"queue": self._queue, "batch": batch.id}
        if accepted.conflicting:
            subjects = accepted.conflicting[:MOST_NAMED]
            log.warning(
                "%d came again with another content",
                accepted.conflicts,
                extra={"fields": {**fields, "subjects": subjects}},
            )
        if accepted.rejects:
            rejects = [{"subject": u.subject, "reason": u.reason} for u in unread[:MOST_NAMED]]
            log.warning(
                "%d cannot be read",
                accepted.rejects,
                extra={"fields": {**fields, "rejects": rejects}},
            )

    def _count(self, batch: Batch, accepted: Accepted) -> None:
        self._counts.batch(
            len(batch.items),
            accepted.events,
            accepted.duplicates,
            accepted.conflicts,
            accepted.rejects,
            superseded=accepted.superseded,
        )

    def _journal(self, batch: Batch) -> Accepted | None:
        now = self._clock()
        arrivals, unread = self._reader.read(batch.items, now)
        failures = 0
        suspicious = False
        while not self._stopping.is_set():
            try:
                if suspicious:
                    arrivals, unread = self._reader.set_aside(arrivals, unread, self._storable)
                accepted = self._accept(batch.id, arrivals, unread, now)
            except Exception as error:
                failures += 1
                suspicious = suspicious or journal.unstorable(error)
                if isinstance(error, SQLAlchemyError):
                    log.warning("the journal does not answer: %s", journal.away(error))
                else:
                    log.exception("a batch cannot be accepted; it is tried again")
                self._pause(failures)
            else:
                self._name(batch, accepted, unread)
                if self._traces is not None:
                    events = [arrival.event for arrival in arrivals]
                    self._traces.taken(self._queue, events, now, self._clock())
                return accepted
        return None

    def _pause(self, failures: int) -> None:
        self._stopping.wait(BACK_OFF_S[min(failures, len(BACK_OFF_S)) - 1])
