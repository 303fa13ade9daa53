"""How an event brings its trace: kept with it, no part of its content, and no vendor's business."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine

from tests.worker.desk import RECORD, Desk
from tests.worker.given import GIVEN, NOON, event, record
from tests.worker.intake.test_read import celery, envelope, reader
from tests.worker.vendors.scripted import make
from tests.worker.vendors.test_every_vendor import EVENTS, EXAMPLES
from worker.events import Kind, parse
from worker.journal import tables

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
OTHER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"
HEADERS = {"traceparent": PARENT, "tracestate": "vendor=1"}


def kept(item: object) -> list[dict[str, Any]]:
    """The bodies that stand in the journal of an item."""
    arrivals, unread = reader().read([json.dumps(item).encode()], NOON)
    assert unread == []
    return [json.loads(arrival.body) for arrival in arrivals]


def traced(message: dict[str, Any], **headers: object) -> dict[str, Any]:
    return message | {"headers": message["headers"] | (headers or HEADERS)}


def test_an_event_keeps_the_trace_that_it_names() -> None:
    given = GIVEN[RECORD] | HEADERS
    assert kept(given) == [given]


@pytest.mark.parametrize("message", [envelope, celery])
def test_an_event_is_given_the_trace_of_its_message(message: Callable[..., dict[str, Any]]) -> None:
    given = GIVEN[RECORD]
    assert kept(traced(message(given))) == [given | HEADERS]
    assert kept(traced(message([given, given]))) == [given | HEADERS] * 2
    assert kept(traced(message(given), traceparent=PARENT)) == [given | {"traceparent": PARENT}]


def test_what_an_event_names_itself_is_not_replaced() -> None:
    given = GIVEN[RECORD] | {"traceparent": OTHER}
    assert kept(traced(celery(given))) == [given]


@pytest.mark.parametrize(
    "headers",
    [
        {"traceparent": PARENT[:-1]},
        {"traceparent": PARENT + " "},
        {"traceparent": 12},
        {"traceparent": None},
        {"tracestate": "vendor=1"},
    ],
)
def test_a_message_that_names_no_trace_gives_none(headers: dict[str, object]) -> None:
    assert kept(traced(celery(GIVEN[RECORD]), **headers)) == [GIVEN[RECORD]]


def test_a_state_of_the_trace_that_is_too_long_is_left_out() -> None:
    """It would be kept with each event of an array."""
    message = traced(celery(GIVEN[RECORD]), traceparent=PARENT, tracestate="a" * 513)
    assert kept(message) == [GIVEN[RECORD] | {"traceparent": PARENT}]


def test_a_message_with_a_trace_and_no_event_is_a_reject_as_ever() -> None:
    raw = json.dumps(traced(envelope([3, "x"]))).encode()
    arrivals, unread = reader().read([raw], NOON)
    assert (arrivals, len(unread)) == ([], 2)


@pytest.mark.parametrize("kind", Kind)
def test_the_trace_is_no_part_of_the_content(kind: Kind) -> None:
    plain = event(kind, other=1).content_hash()
    assert event(kind, other=1, **HEADERS).content_hash() == plain
    assert event(kind, other=1, traceparent=OTHER).content_hash() == plain
    assert event(kind, other={"traceparent": OTHER}).content_hash() != plain


def test_an_order_that_comes_again_in_another_trace_is_a_duplicate(engine: Engine) -> None:
    desk = Desk(engine)
    desk.accept(record(1, **HEADERS))
    again = desk.accept(record(1, traceparent=OTHER), record(1), batch="again")
    assert (again.duplicates, again.conflicts) == (2, 0)
    assert desk.accept(record(1, traceparent=OTHER, totalMoney=9)).conflicts == 1
    assert desk.all(tables.conflict)[0].subject == "A-1"


@pytest.mark.parametrize("name", EXAMPLES)
def test_no_vendor_is_told_of_a_trace(name: str) -> None:
    vendor = make(name, EXAMPLES[name].settings)
    for kind in vendor.takes:
        given = dict(EVENTS[kind]) | {"connectorId": "C-0"}
        plain, told = (
            vendor.request([parse(kind, given | more)]).prepare() for more in ({}, HEADERS)
        )
        assert (told.url, told.body, told.headers) == (plain.url, plain.body, plain.headers)
        assert "trace" not in f"{told.url} {told.body!r} {told.headers}".lower()
