"""Reconciliation: per vendor and day, by the clock or because a person asks.

One worker of all is at a vendor, which a lock in Redis says. Nothing is called missing unless the
vendor's side was read whole; a reconciliation that could not be is incomplete, and says why.
"""

import contextlib
import logging
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice

from redis import Redis
from redis.exceptions import LockError
from sqlalchemy import Engine

from config.settings import Settings
from worker.asking import Asker, Stopping
from worker.comparing import Question, compared
from worker.copies import NotRead
from worker.events import Kind
from worker.exchange import Http, NoAnswer
from worker.fields import SHANGHAI
from worker.hearing import LONGEST, Hearing
from worker.journal import gates
from worker.journal import reconciliation as journal
from worker.journal.reconciliation import Comparison, Standing, What
from worker.roster import AnySystem, Roster
from worker.sender import line_to, without_answer
from worker.vendor import CannotSign

log = logging.getLogger(__name__)

AT_IT = "relay:reconciling:{vendor}"
BATCH = 500
STOPPED = "the worker was stopped"
TRIES = 4
AGAIN = timedelta(hours=1)


class NotNow(Exception):
    """The vendor is not to be asked right now; the message says why."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a reconciliation ended; `reason` says why one is not complete."""

    reconciliation_id: int
    state: Standing
    reason: str | None = None


class Reconciler:
    """Reconciles; has no state of its own, so that any worker may."""

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        redis: Redis,
        *,
        stopping: threading.Event | None = None,
        line: Callable[[AnySystem, Settings], Http] = line_to,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings = settings
        self._engine = engine
        self._redis = redis
        self._stopping = stopping or threading.Event()
        self._line = line
        self._clock = clock

    def reconcile_due(self, roster: Roster) -> None:
        """Reconcile the last day of every vendor for which that is due and not done.

        What goes wrong is written down with the reconciliation, or a line in the log.
        """
        for system in roster.vendors.values():
            day = last_day(system, self._clock(), self._settings.reconcile_after_s)
            for kind in reconciled(system):
                try:
                    if not self._stopping.is_set() and self._is_due(system, kind, day):
                        self.reconcile(system, kind, day)
                except NotNow as error:
                    log.info("%s", error)
                except Exception as error:  # noqa: BLE001 whatever it is, the other vendors go on
                    why = " ".join(f"{type(error).__name__}: {error}".split())
                    log.warning("%s: not reconciled: %s", system.vendor, why)

    def reconcile(self, system: AnySystem, kind: Kind, day: date) -> Ended:
        """Reconcile one day of a vendor now.

        Raises:
            NotNow: another worker is at it, the vendor is paused, or its breaker is open.
        """
        vendor = system.vendor
        gate = gates.look(self._engine, vendor, kind, urgent=False, now=self._clock())
        if gate.shut is not None:
            raise NotNow(f"{vendor} is not asked what it has: {gate.shut}")
        at_it = self._redis.lock(AT_IT.format(vendor=vendor), timeout=self._settings.lease_s)
        if not at_it.acquire(blocking=False):
            raise NotNow(f"{vendor} is being reconciled by another worker")
        try:
            http = self._line(system, self._settings)
            asker = Asker(
                system, http, self._settings, at_it, stopping=self._stopping, clock=self._clock
            )
            return self._reconcile(system, kind, day, asker)
        finally:
            with contextlib.suppress(LockError):
                at_it.release()

    def _is_due(self, system: AnySystem, kind: Kind, day: date) -> bool:
        """Whether it is not done yet, and was not tried in vain too often or a short while ago."""
        known = journal.of_day(self._engine, system.vendor, kind, day)
        if any(one.state == Standing.COMPLETE for one in known):
            return False
        tries = [one for one in known if one.reason != STOPPED]
        if len(tries) >= TRIES:
            return False
        return not tries or tries[-1].started_at + len(tries) * AGAIN <= self._clock()

    def _reconcile(self, system: AnySystem, kind: Kind, day: date, asker: Asker) -> Ended:
        now = self._clock()
        opened = journal.begin(self._engine, system.vendor, kind, day, now)
        question = Question(
            self._engine,
            system,
            kind,
            day,
            asker,
            expected_by=now - timedelta(seconds=self._settings.look_up_after_s),
            scratch=self._settings.data_dir,
        )
        try:
            with _sides(question) as comparison:
                self._write(opened, comparison, asker)
        except Exception as error:
            reason = _reason(error)
            if reason is None:
                log.exception("%s cannot be reconciled", system.vendor)
                reason = f"our fault, see the log: {type(error).__name__}: {error}"
            journal.give_up(self._engine, opened, reason, self._clock())
            log.warning("%s of %s is not reconciled: %s", system.vendor, day, reason)
            return Ended(opened, Standing.INCOMPLETE, reason)
        return Ended(opened, Standing.COMPLETE)

    def _write(self, opened: int, comparison: Comparison, asker: Asker) -> None:
        counts: Counter[What] = Counter()
        differences = comparison.differences()
        while batch := list(islice(differences, BATCH)):
            asker.hold()
            journal.name(self._engine, opened, batch)
            counts.update(one.what for one in batch)
        journal.complete(
            self._engine, opened, comparison.ours(), comparison.theirs(), counts, self._clock()
        )


def reconciled(system: AnySystem) -> list[Kind]:
    """The kinds of event of which the vendor can say what it has."""
    kinds = system.reads_back & system.kinds()
    return sorted(kinds | {Kind.CHARGE_RECORD} if system.ends else kinds)


def last_day(system: AnySystem, now: datetime, after_s: float) -> date:
    """The last day that has been over for so many seconds, in Asia/Shanghai.

    Of a vendor that calls us back, what began that day must be over as well.
    """
    over = now - timedelta(seconds=after_s) - (LONGEST if system.ends else timedelta())
    return over.astimezone(SHANGHAI).date() - timedelta(days=1)


def _sides(question: Question) -> AbstractContextManager[Comparison]:
    if question.system.ends:
        return contextlib.nullcontext(Hearing(question))
    return compared(question)


def _reason(error: Exception) -> str | None:
    """Why the vendor's side is not known whole; None if that is our fault."""
    match error:
        case NotRead():
            return error.reason
        case CannotSign() | NoAnswer():
            return without_answer(error).reason
        case Stopping():
            return STOPPED
        case LockError():
            return "another worker took over"
        case _:
            return None
