"""What is said of each attempt of a lane: a count, a line in the log, and a span where wanted."""

import logging
from collections.abc import Mapping, Sequence

from worker import metrics
from worker.journal.claim import Claim
from worker.journal.settle import Attempt
from worker.outcomes import word
from worker.traces import Traces

log = logging.getLogger(__name__)

MOST_NAMED = 50  # more than any system takes in one request


class Attempts:
    """Told of one vendor and kind."""

    def __init__(self, vendor: str, kind: str, traces: Traces | None = None) -> None:
        self._vendor = vendor
        self._kind = kind
        self._traces = traces
        self._counts = metrics.OfLane(vendor, kind)

    def made(self, attempts: Sequence[Attempt], claims: Sequence[Claim]) -> None:
        """Say what came of requests.

        Args:
            attempts: in the order in which they were made.
            claims: whatever they carried.
        """
        for attempt in attempts:
            self._counts.attempt(word(attempt.outcome), attempt.duration_ms / 1000)
        said = log.isEnabledFor(logging.INFO)
        if said or self._traces is not None:
            by_report = {claim.report_id: claim for claim in claims}
            for attempt in attempts:
                carried = [by_report[n] for n in attempt.report_ids if n in by_report]
                if said:
                    self._line(attempt, carried)
                if self._traces is not None:
                    self._traces.told(self._vendor, self._kind, attempt, carried)

    def _line(self, attempt: Attempt, carried: Sequence[Claim]) -> None:
        outcome = attempt.outcome
        fields = {
            "vendor": self._vendor,
            "kind": self._kind,
            "outcome": word(outcome),
            "http_status": attempt.http_status,
            "code": outcome.code,
            "duration_ms": attempt.duration_ms,
            "method": attempt.method,
            "count": len(attempt.report_ids),
            **named(carried[:MOST_NAMED]),
            "reason": outcome.reason,
        }
        log.info("attempt", extra={"fields": fields})


def named(claims: Sequence[Claim]) -> Mapping[str, Sequence[object]]:
    """By what a person finds reports: their own ids, their events', and whom they are about."""
    return {
        "reports": [claim.report_id for claim in claims],
        "events": [claim.event_id for claim in claims],
        "subjects": [claim.subject for claim in claims],
    }
