"""Traces, from who published an event to the vendor's answer; none unless an endpoint is set."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from worker.events import Event
from worker.journal.claim import Claim
from worker.journal.settle import Attempt

NOT_INSTALLED = (
    "RELAY_OTLP_ENDPOINT is set, but OpenTelemetry is not installed ({}): "
    "pip install 'chargerelay[otel]', or unset it"
)


class NoTraces(Exception):
    """Traces are wanted and cannot be had; the message says what to do."""


class Traces(Protocol):
    """Writes spans, from any thread; never raises."""

    def taken(self, queue: str, events: Sequence[Event], began: datetime, ended: datetime) -> None:
        """A span for each event of a batch whose producer traces it.

        Args:
            queue: where the batch was taken from.
            events: all that could be read.
            began: when the batch was read.
            ended: when it stood in the journal.
        """

    def told(self, vendor: str, kind: str, attempt: Attempt, claims: Sequence[Claim]) -> None:
        """The span of one attempt: in the trace of what it carried, or linked to several.

        Args:
            vendor: whom we told.
            kind: of the lane.
            attempt: the request and its answer.
            claims: what it carried.
        """


def opened(endpoint: str) -> Traces | None:
    """What writes spans to an OTLP/HTTP endpoint; None where it is empty.

    Raises:
        NoTraces: the extra `otel` is not installed.
    """
    if not endpoint:
        return None
    try:
        from worker.traces import spans
    except ImportError as error:
        raise NoTraces(NOT_INSTALLED.format(error)) from error
    return spans.exported_to(endpoint)
