"""How each kind of event is treated: order, worth telling, retry schedule, lane."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from config.settings import Settings
from worker.events import Kind

JITTER = 0.1


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of one kind.

    Attributes:
        retry_s: waits between tries; the last one repeats.
        worth_s: how long after its intake a report is worth telling; None: for ever.
        held_when_late: a report no longer worth telling waits for a person (else it expires).
        latest_wins: of one subject only the newest event is told.
        conflicts: same identity with other content is a conflict (else a duplicate reading).
        urgent: has its own workers and passes an open breaker with a trickle.
        keep_days: settled events are pruned after this.
    """

    kind: Kind
    retry_s: tuple[float, ...]
    worth_s: float | None
    held_when_late: bool
    latest_wins: bool
    conflicts: bool
    urgent: bool
    keep_days: float

    def next_try_s(self, tries: int, dice: random.Random, asked_s: float | None = None) -> float:
        """Seconds until the next try, after `tries` failed ones (1 or more), with jitter.

        A wait that the vendor asked for only ever makes it longer.
        """
        planned_s = self.retry_s[min(tries, len(self.retry_s)) - 1]
        wait_s = max(planned_s, asked_s or 0.0)
        return wait_s * (1 + dice.uniform(0, JITTER))

    def worth_until(self, received_at: datetime) -> datetime | None:
        """When a report of an event taken in at that time stops being worth telling."""
        return None if self.worth_s is None else received_at + timedelta(seconds=self.worth_s)


def policies(settings: Settings) -> Mapping[Kind, Policy]:
    """The policy of every kind, with the deployment's numbers."""
    return {
        Kind.CONNECTOR_STATUS: Policy(
            kind=Kind.CONNECTOR_STATUS,
            retry_s=settings.status_retry_s,
            worth_s=settings.status_worth_s,
            held_when_late=False,
            latest_wins=True,
            conflicts=False,
            urgent=False,
            keep_days=settings.keep_status_days,
        ),
        Kind.CHARGE_RECORD: Policy(
            kind=Kind.CHARGE_RECORD,
            retry_s=settings.record_retry_s,
            worth_s=None,
            held_when_late=False,
            latest_wins=False,
            conflicts=True,
            urgent=False,
            keep_days=settings.keep_record_days,
        ),
        Kind.SAFETY_WARNING: Policy(
            kind=Kind.SAFETY_WARNING,
            retry_s=settings.warning_retry_s,
            worth_s=settings.warning_worth_s,
            held_when_late=True,
            latest_wins=False,
            conflicts=True,
            urgent=True,
            keep_days=settings.keep_warning_days,
        ),
    }
