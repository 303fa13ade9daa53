"""What is traced of an event: in whose trace, from when until when, and what stands in it."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from sqlalchemy import Engine

from tests.worker.desk import CITY, RECORD, Desk
from tests.worker.given import NOON, event, record
from tests.worker.talker import BAD, BROKEN, REFUSED, WELL, Line
from tests.worker.test_delivery import Lane
from worker.traces.spans import Spans

ONE, TWO = "0af7651916cd43dd8448eb211c80319c", "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "b7ad6b7169203331"


def parent(trace: str = ONE, span: str = SPAN, flags: str = "01") -> str:
    return f"00-{trace}-{span}-{flags}"


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def spans(exporter: InMemorySpanExporter) -> Iterator[Spans]:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    made = Spans(provider)
    yield made
    made.close()


@pytest.fixture
def desk(engine: Engine) -> Desk:
    return Desk(engine)


def drain(desk: Desk, line: Line, spans: Spans, pack: int = 1) -> None:
    lane = Lane(desk, line, pack=pack)
    lane.delivery._attempts._traces = spans
    lane.drain()


def trace_of(span: ReadableSpan) -> str:
    return f"{span.context.trace_id:032x}"


def parent_of(span: ReadableSpan) -> str | None:
    return None if span.parent is None else f"{span.parent.span_id:016x}"


def linked(span: ReadableSpan) -> set[str]:
    return {f"{link.context.trace_id:032x}" for link in span.links}


def test_of_a_batch_each_event_with_a_trace_has_a_span_in_it(
    spans: Spans, exporter: InMemorySpanExporter
) -> None:
    events = [
        event(RECORD, traceparent=parent(), tracestate="a=1", orderNo="沪A12345"),
        event(RECORD),
        event(RECORD, traceparent=parent(TWO, flags="00")),
        event(RECORD, traceparent="no trace"),
        event(RECORD, traceparent=12),
        event(RECORD, traceparent={"of": []}, tracestate=[1]),
        event(RECORD, traceparent=parent(TWO), tracestate={}),
    ]
    spans.taken("charge-record", events, NOON, NOON + timedelta(seconds=2))
    first, second = exporter.get_finished_spans()
    assert (trace_of(first), parent_of(first), trace_of(second)) == (ONE, SPAN, TWO)
    assert (first.name, first.kind) == ("process charge-record", SpanKind.CONSUMER)
    assert first.context.trace_state.to_header() == "a=1"
    assert first.start_time == NOON.timestamp() * 1e9
    assert first.end_time == first.start_time + 2e9
    assert dict(first.attributes or {}) == {
        "messaging.system": "redis",
        "messaging.operation.type": "process",
        "messaging.destination.name": "charge-record",
        "messaging.batch.message_count": 7,
        "chargerelay.subject": "沪A***45",
    }


def test_an_attempt_is_a_clients_span_in_the_trace_of_its_event(
    desk: Desk, spans: Spans, exporter: InMemorySpanExporter
) -> None:
    desk.accept(record(1, traceparent=parent()))
    drain(desk, Line(WELL), spans)
    (span,) = exporter.get_finished_spans()
    assert (trace_of(span), parent_of(span), span.links) == (ONE, SPAN, ())
    assert (span.name, span.kind) == ("POST", SpanKind.CLIENT)
    assert span.start_time == NOON.timestamp() * 1e9
    assert span.status.status_code is StatusCode.UNSET
    assert dict(span.attributes or {}) == {
        "http.request.method": "POST",
        "url.full": "https://talker.example/x?token=***",
        "server.address": "talker.example",
        "server.port": 443,
        "http.response.status_code": 200,
        "chargerelay.vendor": CITY,
        "chargerelay.kind": RECORD,
        "chargerelay.outcome": "accepted",
        "chargerelay.reports": 1,
        "chargerelay.subjects": ("A-1",),
    }


def test_an_attempt_that_was_not_accepted_says_why(
    desk: Desk, spans: Spans, exporter: InMemorySpanExporter
) -> None:
    desk.accept(*(record(n, traceparent=parent()) for n in (1, 2, 3)))
    drain(desk, Line(BAD, BROKEN, REFUSED), spans)
    said = [
        (s.status.status_code, s.status.description, (s.attributes or {}).get("error.type"))
        for s in exporter.get_finished_spans()
    ]
    assert said == [
        (StatusCode.ERROR, "bad", "400"),
        (StatusCode.ERROR, "HTTP 500", "500"),
        (StatusCode.ERROR, "the connection was refused", "no-answer"),
    ]


def test_a_pack_of_several_traces_is_linked_to_each_and_belongs_to_none(
    desk: Desk, spans: Spans, exporter: InMemorySpanExporter
) -> None:
    traces = [ONE, ONE, TWO]
    desk.accept(record(9), *(record(n, traceparent=parent(t)) for n, t in enumerate(traces)))
    drain(desk, Line(WELL), spans, pack=4)
    (span,) = exporter.get_finished_spans()
    assert linked(span) == {ONE, TWO}
    assert len(span.links) == 2
    assert span.parent is None
    assert trace_of(span) not in (ONE, TWO)


def test_a_pack_of_one_trace_belongs_to_it(
    desk: Desk, spans: Spans, exporter: InMemorySpanExporter
) -> None:
    desk.accept(*(record(n, traceparent=parent()) for n in range(3)))
    drain(desk, Line(WELL), spans, pack=3)
    (span,) = exporter.get_finished_spans()
    assert (trace_of(span), span.links) == (ONE, ())
    assert (span.attributes or {})["chargerelay.reports"] == 3


def test_what_its_producers_do_not_sample_is_not_traced(
    desk: Desk, spans: Spans, exporter: InMemorySpanExporter
) -> None:
    desk.accept(record(1, traceparent=parent(flags="00")))
    drain(desk, Line(WELL), spans)
    desk.accept(*(record(n, traceparent=parent(t, flags="00")) for n, t in ((2, ONE), (3, TWO))))
    drain(desk, Line(WELL), spans, pack=2)
    assert exporter.get_finished_spans() == ()


def test_an_attempt_without_any_trace_begins_its_own(
    desk: Desk, spans: Spans, exporter: InMemorySpanExporter
) -> None:
    desk.accept(record(1))
    drain(desk, Line(WELL), spans)
    (span,) = exporter.get_finished_spans()
    assert span.parent is None


def test_a_fault_of_ours_stands_in_nobodys_way(
    desk: Desk, spans: Spans, caplog: pytest.LogCaptureFixture
) -> None:
    spans.taken("charge-record", [None], NOON, NOON)  # type: ignore[list-item]
    spans.told(CITY, RECORD, None, [])  # type: ignore[arg-type]
    assert caplog.messages == ["the intake of a batch was not traced", "an attempt was not traced"]


CODE = """
import sys
from worker.app import processes
assert processes.current().deployment.traces is None
print([name for name in ("worker.traces.spans", "opentelemetry.exporter") if name in sys.modules])
"""
WITHOUT = """
import sys
sys.modules["opentelemetry"] = None
from config.settings import Settings
from worker.deployment import Deployment
print(Deployment(Settings(_env_file=None, otlp_endpoint="http://127.0.0.1:4318")).traces_fault())
"""


def run(code: str) -> str:
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return ended.stdout.strip()


def test_nothing_that_writes_spans_is_loaded_unless_an_endpoint_is_set() -> None:
    """Of OpenTelemetry itself redis-py loads a part, wherever it is installed."""
    assert run(CODE) == "[]"


def test_an_endpoint_without_the_extra_stops_the_start_and_says_what_to_do() -> None:
    assert "pip install 'chargerelay[otel]'" in run(WITHOUT)
