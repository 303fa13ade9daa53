"""From publish to the vendor's answer in one trace, and in the log by the order's number."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from celery import Celery
from celery.signals import before_task_publish
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.journey.relay import Relay, record, until

PLAIN, CELERY = "0af7651916cd43dd8448eb211c80319c", "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00-{}-b7ad6b7169203331-01"


class Collector(ThreadingHTTPServer):
    """Takes spans as an OpenTelemetry collector does."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Takes)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.spans: list[Span] = []

    def of(self, trace: str) -> list[Span]:
        return [span for span in list(self.spans) if span.trace_id.hex() == trace]

    def both(self, trace: str) -> bool:
        return len(self.of(trace)) == 2


class _Takes(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        told = ExportTraceServiceRequest.FromString(body)
        assert isinstance(self.server, Collector)
        assert self.path == "/v1/traces"
        self.server.spans += [
            span
            for resource in told.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def publish_by_celery(url: str, event: Mapping[str, object]) -> None:
    """As an instrumented Celery does: the trace stands among the message's headers."""

    def instrumented(headers: dict[str, Any], **_: object) -> None:
        headers["traceparent"] = PARENT.format(CELERY)

    app = Celery(broker=url)
    before_task_publish.connect(instrumented)
    try:
        app.send_task("tasks.charge_record", args=[event], queue="charge-record")
    finally:
        before_task_publish.disconnect(instrumented)
        app.close()


def attributes(span: Span) -> dict[str, object]:
    return {a.key: a.value.string_value or a.value.int_value for a in span.attributes}


def lines(relay: Relay) -> list[dict[str, Any]]:
    """What the worker logged; Celery prints its banner beside it."""
    return [json.loads(line) for line in relay.log().splitlines() if line.startswith("{")]


def test_an_order_is_one_trace_and_is_found_in_the_log(
    only: Callable[..., Relay], collector: Collector, valkey_url: str
) -> None:
    relay = only("mall-garage")
    relay.run("migrate")
    one, two, bad = record(1, traceparent=PARENT.format(PLAIN)), record(2), record(3, power="much")
    relay.start_worker(
        RELAY_OTLP_ENDPOINT=collector.url,
        RELAY_LOG_FORMAT="json",
        OTEL_BSP_SCHEDULE_DELAY="100",
    )
    relay.publish("charge-record", one)
    publish_by_celery(valkey_url, two)
    relay.settle()
    relay.publish("charge-record", record(1, totalMoney="16.00"), bad)
    for trace in (PLAIN, CELERY):
        until(partial(collector.both, trace), "both spans have arrived")
        taken, told = sorted(collector.of(trace), key=lambda span: span.start_time_unix_nano)
        assert (taken.name, taken.kind) == ("process charge-record", Span.SPAN_KIND_CONSUMER)
        assert (told.name, told.kind) == ("POST", Span.SPAN_KIND_CLIENT)
        assert {span.parent_span_id.hex() for span in (taken, told)} == {"b7ad6b7169203331"}
        said = attributes(told)
        assert (said["chargerelay.vendor"], said["chargerelay.outcome"]) == (
            "mall-garage",
            "accepted",
        )
        assert said["http.response.status_code"] == 200
        assert taken.end_time_unix_nano <= told.end_time_unix_nano

    until(lambda: relay.count("conflict") and relay.count("reject"), "what is odd is kept")
    until(lambda: "cannot be read" in relay.log(), "it is logged")
    found = [line for line in lines(relay) if "ORDER-000001" in json.dumps(line)]
    assert [line["event"] for line in found] == ["attempt", "1 came again with another content"]
    assert (found[0]["subjects"], found[0]["outcome"]) == (["ORDER-000001"], "accepted")
    [reject] = [line["rejects"] for line in lines(relay) if "rejects" in line]
    assert [one["subject"] for one in reject] == ["ORDER-000003"]
    assert "A12345" not in relay.log()
    assert {line["logger"].partition(".")[0] for line in lines(relay)} >= {"celery", "worker"}
    assert "Traceback" not in relay.log()


def test_an_endpoint_that_nobody_answers_holds_nothing_up(only: Callable[..., Relay]) -> None:
    relay = only("mall-garage")
    relay.run("migrate")
    worker = relay.start_worker(
        RELAY_OTLP_ENDPOINT="http://127.0.0.1:9", OTEL_BSP_SCHEDULE_DELAY="100"
    )
    relay.publish("charge-record", *(record(n) for n in range(20)))
    relay.settle()
    assert relay.states() == {"accepted": 20}
    assert relay.stop(worker) == 0
