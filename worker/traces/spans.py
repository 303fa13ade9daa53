"""The spans of an event: taken in, and each attempt to tell a vendor, in its producer's trace.

They are written when all is over, with the times that were measured anyway. Nothing of them is
sent to a vendor.
"""

import logging
import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from config.logs import hide
from worker.events import TRACE_CONTEXT, Event
from worker.journal.claim import Claim
from worker.journal.settle import Attempt
from worker.outcomes import Accepted, word

log = logging.getLogger(__name__)

W3C = TraceContextTextMapPropagator()
MOST_LINKS = 128  # as many as the SDK keeps
MOST_NAMED = 50


class Spans:
    """The Traces of one process."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("chargerelay")

    def taken(self, queue: str, events: Sequence[Event], began: datetime, ended: datetime) -> None:
        """See Traces."""
        try:
            for event in events:
                parent = _context(event)
                if parent is not None:
                    attributes: dict[str, str | int] = {
                        "messaging.system": "redis",
                        "messaging.operation.type": "process",
                        "messaging.destination.name": queue,
                        "messaging.batch.message_count": len(events),
                        "chargerelay.subject": hide(event.subject),
                    }
                    self._tracer.start_span(
                        f"process {queue}",
                        parent,
                        SpanKind.CONSUMER,
                        attributes,
                        start_time=_ns(began),
                    ).end(_ns(ended))
        except Exception:
            log.exception("the intake of a batch was not traced")

    def told(self, vendor: str, kind: str, attempt: Attempt, claims: Sequence[Claim]) -> None:
        """See Traces."""
        try:
            parents = _parents(claims)
            links = [_span_of(parent) for parent in parents] if len(parents) > 1 else []
            if links and not any(link.trace_flags.sampled for link in links):
                return
            span = self._tracer.start_span(
                attempt.method,
                parents[0] if len(parents) == 1 else Context(),
                SpanKind.CLIENT,
                _attributes(vendor, kind, attempt, claims),
                links=[Link(span) for span in links[:MOST_LINKS]],
                start_time=_ns(attempt.started_at),
            )
            if not isinstance(attempt.outcome, Accepted):
                span.set_status(Status(StatusCode.ERROR, hide(attempt.outcome.reason)))
            span.end(_ns(attempt.started_at + timedelta(milliseconds=attempt.duration_ms)))
        except Exception:
            log.exception("an attempt was not traced")

    def close(self) -> None:
        """Send what is left; otherwise that happens at the end of the process."""
        self._provider.shutdown()


def exported_to(endpoint: str) -> Spans:
    """Sends spans to an OTLP/HTTP endpoint, in batches, from a thread of its own.

    How, is in OpenTelemetry's own variables: OTEL_EXPORTER_OTLP_HEADERS, OTEL_TRACES_SAMPLER, …
    """
    name = os.environ.get("OTEL_SERVICE_NAME", "chargerelay")
    provider = TracerProvider(resource=Resource.create({SERVICE_NAME: name}))
    exporter = OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return Spans(provider)


def _context(event: Event) -> Context | None:
    """What the event's producer says of its trace; None if that is nothing."""
    told = event.model_extra
    if not told or "traceparent" not in told:
        return None
    carrier = {name: told[name] for name in TRACE_CONTEXT if isinstance(told.get(name), str)}
    context = W3C.extract(carrier, Context())
    return context if _span_of(context).is_valid else None


def _span_of(context: Context) -> SpanContext:
    return trace.get_current_span(context).get_span_context()


def _parents(claims: Sequence[Claim]) -> Sequence[Context]:
    """Each span that the events were published in, once."""
    found = (_context(claim.event) for claim in claims)
    contexts = [context for context in found if context is not None]
    spans = map(_span_of, contexts)
    return list({(s.trace_id, s.span_id): c for s, c in zip(spans, contexts, strict=True)}.values())


def _attributes(
    vendor: str, kind: str, attempt: Attempt, claims: Sequence[Claim]
) -> dict[str, str | int | Sequence[str]]:
    """As OpenTelemetry names those of HTTP clients; ours begin with our name."""
    url = urlsplit(attempt.url)
    attributes: dict[str, str | int | Sequence[str]] = {
        "http.request.method": attempt.method,
        "url.full": hide(attempt.url),
        "server.address": url.hostname or "",
        "server.port": url.port or (443 if url.scheme == "https" else 80),
        "chargerelay.vendor": vendor,
        "chargerelay.kind": kind,
        "chargerelay.outcome": word(attempt.outcome),
        "chargerelay.reports": len(attempt.report_ids),
        "chargerelay.subjects": [hide(claim.subject) for claim in claims[:MOST_NAMED]],
    }
    status = attempt.http_status
    if status is not None:
        attributes["http.response.status_code"] = status
    if status is None or status >= 400:
        attributes["error.type"] = "no-answer" if status is None else str(status)
    if attempt.outcome.code is not None:
        attributes["chargerelay.code"] = attempt.outcome.code
    return attributes


def _ns(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000) * 1000
