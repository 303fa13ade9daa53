"""Telling one pack of reports: looked up if need be, tried within seconds, halved if refused."""

import logging
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import tenacity

from config.settings import Settings
from worker.attempts import MOST_NAMED, named
from worker.breaker import Breaker
from worker.events import Event
from worker.journal.claim import Claim
from worker.journal.settle import Attempt, Told
from worker.outcomes import Absent, Outcome, Refused, TryLater, Unclear
from worker.policies import Policy
from worker.sender import Sender

log = logging.getLogger(__name__)

LONGEST_WAIT_IN_HAND_S = 1.0


@dataclass(slots=True)
class Result:
    """What came of a pack, and every request that was made for it."""

    told: list[Told] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)


class Teller:
    """Tells packs of one lane, from any thread."""

    def __init__(
        self,
        sender: Sender,
        policy: Policy,
        breaker: Breaker,
        settings: Settings,
        *,
        pack_size: int,
        all_or_nothing: bool,
        timeout_s: float,
        unclear_wait_s: float,
        clock: Callable[[], datetime],
        stopping: threading.Event,
        dice: random.Random | None = None,
    ) -> None:
        self._sender = sender
        self._policy = policy
        self._breaker = breaker
        self._settings = settings
        self._pack_size = pack_size
        self._all_or_nothing = all_or_nothing
        self._timeout_s = timeout_s
        self._unclear_wait_s = unclear_wait_s
        self._clock = clock
        self._stopping = stopping
        self._dice = dice or random.Random()  # noqa: S311 jitter, no secret
        self._once, self._retrying = self._tries(1), self._tries(settings.burst_tries)

    def tell(self, claims: list[Claim], *, probing: bool = False) -> Result:
        """Tell a pack. A refused list is halved until the bad one stands alone.

        Never raises: what goes wrong on our side is a refusal that a person can replay.
        """
        result = Result()
        waiting = self._absent(claims, result) if claims[0].look_up else [claims]
        while waiting:
            pack = waiting.pop()
            halve = self._all_or_nothing
            try:
                outcome = self._burst(pack, result, probing=probing)
            except Exception as error:
                log.exception("a %s report cannot be told", self._policy.kind, extra=_of(pack))
                outcome = Refused(f"our fault, see the log: {type(error).__name__}: {error}")
                halve = True
            if isinstance(outcome, Refused) and len(pack) > 1 and halve:
                middle = len(pack) // 2
                waiting += [pack[middle:], pack[:middle]]
                continue
            result.told += [Told(c, outcome, self._next_try_s(c, outcome)) for c in pack]
        return result

    def _absent(self, claims: list[Claim], result: Result) -> list[list[Claim]]:
        """Look up what may have arrived; returns what is surely not there, packed."""
        found: Sequence[Outcome | Absent | None] = [None] * len(claims)
        if not self._stopping.is_set() and self._left_s(claims) >= 0:
            try:
                found, attempts = self._sender.look_up(*_told_of(claims))
                result.attempts += attempts
                if len(found) != len(claims):
                    raise ValueError(f"{len(found)} answers to {len(claims)} questions")  # noqa: TRY301 as any other
            except Exception as error:
                kind = self._policy.kind
                log.exception("%s reports cannot be looked up", kind, extra=_of(claims))
                found = [Unclear(f"our fault, see the log: {error}")] * len(claims)
        absent = []
        for claim, outcome in zip(claims, found, strict=True):
            if isinstance(outcome, Absent):
                absent.append(claim)
            else:
                result.told.append(Told(claim, outcome, self._next_try_s(claim, outcome)))
        size = self._pack_size
        return [absent[start : start + size] for start in range(0, len(absent), size)]

    def _burst(self, pack: list[Claim], result: Result, *, probing: bool) -> Outcome | None:
        # It wraps signing and sending: a signed request ages.
        retrying = self._once if probing else self._retrying
        outcome: Outcome | None = retrying(self._try, pack, result)
        return outcome

    def _tries(self, count: int) -> tenacity.Retrying:
        """What it counts, it counts for each thread."""
        return tenacity.Retrying(
            retry=tenacity.retry_if_result(_worth_another_try),
            stop=tenacity.stop_after_attempt(count)
            | tenacity.stop_before_delay(self._settings.burst_s)
            | tenacity.stop_when_event_set(self._stopping),
            wait=tenacity.wait_random_exponential(multiplier=0.2, max=2),
            sleep=tenacity.sleep_using_event(self._stopping),
            retry_error_callback=_last_outcome,
        )

    def _try(self, pack: list[Claim], result: Result) -> Outcome | None:
        """One try; None if we are stopping or the lease is too short to begin."""
        self._sender.await_turn()
        left_s = self._left_s(pack)
        if self._stopping.is_set() or left_s < 0:
            return None
        outcome, attempts = self._sender.tell(
            self._policy.kind,
            *_told_of(pack),
            vendor_ref=pack[0].vendor_ref,
            begin_by=time.monotonic() + left_s,
        )
        result.attempts += attempts
        if not self._policy.urgent:  # its retries are quick, and may go to another host
            self._breaker.count(outcome)
        return outcome

    def _left_s(self, pack: list[Claim]) -> float:
        """Within how many seconds a try has to begin, so that its lease does not run out."""
        left_s = (min(c.lease_until for c in pack) - self._clock()).total_seconds()
        return left_s - 6 * self._timeout_s

    def _next_try_s(self, claim: Claim, outcome: Outcome | None) -> float:
        asked_s = outcome.after_s if isinstance(outcome, TryLater) else None
        if asked_s is not None:
            asked_s = min(asked_s, self._settings.retry_after_cap_s)
        if isinstance(outcome, Unclear):
            asked_s = self._unclear_wait_s
        return self._policy.next_try_s(claim.tries + 1, self._dice, asked_s)


def _told_of(pack: Sequence[Claim]) -> tuple[list[Event], tuple[int, ...]]:
    return [claim.event for claim in pack], tuple(claim.report_id for claim in pack)


def _of(pack: Sequence[Claim]) -> Mapping[str, object]:
    return {"fields": named(pack[:MOST_NAMED])}


def _worth_another_try(outcome: Outcome | None) -> bool:
    """A passing fault that asks for no long wait. What is unclear is never repeated in hand."""
    return (
        isinstance(outcome, TryLater)
        and not outcome.whole_lane
        and (outcome.after_s or 0.0) <= LONGEST_WAIT_IN_HAND_S
    )


def _last_outcome(state: tenacity.RetryCallState) -> object:
    return state.outcome.result() if state.outcome is not None else None
