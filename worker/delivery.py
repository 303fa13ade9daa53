"""One lane's work: claim → pack → send → read → settle, until nothing is due."""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import suppress
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from worker.attempts import Attempts
from worker.breaker import Breaker
from worker.journal import engine as journal
from worker.journal import gates
from worker.journal.claim import Claim, Unsure, claim
from worker.journal.settle import Attempt, Told, settle
from worker.outcomes import OnUnclear, TryLater
from worker.packing import packs
from worker.policies import Policy
from worker.telling import Result, Teller
from worker.traces import Traces

log = logging.getLogger(__name__)

GATHER_S = 0.006
FEW = 8
SETTLE_AGAIN_S = 0.2
JUDGE_TRIES = 3


class Delivery:
    """Tells one vendor about one kind of event.

    Twice as many packs are claimed as there are threads in the pool, so that no thread waits for
    the journal; what has come back meanwhile is settled in one transaction.
    """

    def __init__(
        self,
        engine: Engine,
        vendor: str,
        policy: Policy,
        teller: Teller,
        breaker: Breaker,
        pool: Executor,
        *,
        owner: str,
        pack_size: int,
        concurrency: int,
        lease_s: float,
        on_unclear: OnUnclear,
        clock: Callable[[], datetime],
        stopping: threading.Event,
        traces: Traces | None = None,
    ) -> None:
        self._engine = engine
        self._vendor = vendor
        self._policy = policy
        self._teller = teller
        self._breaker = breaker
        self._pool = pool
        self._owner = owner
        self._pack_size = pack_size
        self._slots = 2 * concurrency
        self._lease = timedelta(seconds=lease_s)
        self._on_unclear = on_unclear
        self._clock = clock
        self._stopping = stopping
        self._attempts = Attempts(vendor, policy.kind.value, traces)
        self._news: SimpleQueue[Future[Result] | None] = SimpleQueue()
        self._rung = threading.Event()
        self._flying = 0

    @property
    def full(self) -> bool:
        """Whether as much is in flight as may be."""
        return self._flying >= self._slots

    def drain(self) -> None:
        """Deliver until nothing is due, the lane's gate is shut, or we are stopping.

        Raises:
            SQLAlchemyError: the journal is away; what was in flight has been settled before.
        """
        gate = gates.Gate()
        try:
            while True:
                gate = self._gate()
                for pack in self._claim(self._room(gate), probing=gate.probing):
                    future = self._pool.submit(self._teller.tell, pack, probing=gate.probing)
                    future.add_done_callback(self._news.put)
                    self._flying += 1
                if not self._flying:
                    return
                self._settle(self._landed(), gate)
        finally:
            while self._flying:
                self._settle(self._landed(), gate)

    def ring(self) -> None:
        """More is due: while the lane drains, claim it now and not with the next answer."""
        self._rung.set()
        self._news.put(None)

    def _landed(self) -> list[Result]:
        """What has come back, gathered for a moment; nothing if the lane was rung first."""
        results = []
        first = self._news.get()
        if first is not None:
            results.append(first.result())
            if self._flying > FEW:
                time.sleep(GATHER_S)  # a claim of its own for each ring would cost too much
            elif self._flying > 1:
                self._rung.wait(GATHER_S)
        self._rung.clear()
        with suppress(Empty):
            while True:
                if more := self._news.get_nowait():
                    results.append(more.result())
        self._flying -= len(results)
        return results

    def _gate(self) -> gates.Gate:
        return gates.look(
            self._engine,
            self._vendor,
            self._policy.kind,
            urgent=self._policy.urgent,
            now=self._clock(),
        )

    def _room(self, gate: gates.Gate) -> int:
        """How many more packs may be claimed; one at a time while the breaker is probed."""
        if gate.shut is not None or self._stopping.is_set():
            return 0
        return max(0, (1 if gate.probing else self._slots) - self._flying)

    def _claim(self, room: int, *, probing: bool) -> Iterator[list[Claim]]:
        """Lease what is due, packed."""
        if room == 0:
            return
        now = self._clock()
        try:
            claims = claim(
                self._engine,
                self._vendor,
                self._policy.kind,
                owner=self._owner,
                now=now,
                lease_until=now + self._lease,
                limit=1 if probing else room * self._pack_size,
            )
        except Unsure as unsure:
            # Nobody would know that nothing was sent: they would be looked up, or held.
            if unsure.claims:
                self._written([Told(claim, None) for claim in unsure.claims], [])
            raise unsure.__cause__ or unsure from None
        yield from packs(claims, self._pack_size)

    def _settle(self, results: Sequence[Result], gate: gates.Gate) -> None:
        """Write down what came back; wait for the journal as long as the leases last."""
        if not results:
            return
        told = [item for result in results for item in result.told]
        attempts = [attempt for result in results for attempt in result.attempts]
        for result in results:
            self._attempts.made(result.attempts, [item.claim for item in result.told])
        if self._written(told, attempts) and not self._policy.urgent:
            self._judge(told, gate)

    def _written(self, told: Sequence[Told], attempts: Sequence[Attempt]) -> bool:
        """Try at least once: a lease that ran out may still be ours."""
        lease_until = max(item.claim.lease_until for item in told)
        while True:
            now = self._clock()
            try:
                settle(
                    self._engine,
                    self._vendor,
                    self._policy.kind.value,
                    told,
                    attempts,
                    on_unclear=self._on_unclear,
                    now=now,
                    not_before=_lane_wait(told, self._policy.retry_s[0], now),
                )
            except SQLAlchemyError as error:
                if not journal.passing(error):
                    log.warning("outcomes wait for the journal: %s", journal.away(error))
                if now >= lease_until:
                    log.error("outcomes were not written before their leases ended")  # noqa: TRY400 said above
                    return False
                time.sleep(SETTLE_AGAIN_S)
            else:
                return True

    def _judge(self, told: Sequence[Told], gate: gates.Gate) -> None:
        """Tell the breaker; that it could not be written must not settle anything again."""
        outcomes = [item.outcome for item in told if item.outcome is not None]
        for _ in range(JUDGE_TRIES):
            try:
                self._breaker.judge(outcomes, gate, self._clock())
            except SQLAlchemyError as error:
                log.warning("the breaker waits for the journal: %s", journal.away(error))
                time.sleep(SETTLE_AGAIN_S)
            else:
                return


def _lane_wait(
    told: Sequence[Told], unasked_s: float, now: datetime
) -> tuple[datetime, str] | None:
    """How long the whole lane waits, and why: as long as the vendor asked, else `unasked_s`.

    Not as long as a report's own next try: that may have failed for weeks of its own fault.
    """
    waits = [
        (t.next_try_s if t.outcome.after_s is not None else unasked_s, t.outcome.reason)
        for t in told
        if isinstance(t.outcome, TryLater) and t.outcome.whole_lane
    ]
    if not waits:
        return None
    seconds, reason = max(waits)
    return now + timedelta(seconds=seconds), reason
