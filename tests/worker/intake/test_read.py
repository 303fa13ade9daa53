import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.worker.given import NOON, RECORD, STATUS
from worker.events import Kind
from worker.intake.read import Reader
from worker.journal.accept import Arrival, Unread
from worker.journal.content import hash_of
from worker.wire import read_json

TASK = "tasks.charge_record"


def reader(kind: Kind = Kind.CHARGE_RECORD, **limits: int) -> Reader:
    usual = {"item_max_bytes": 10_000, "keep_bytes": 1000, "status_future_s": 600}
    return Reader(kind, **usual | limits)


def record(number: int) -> dict[str, Any]:
    return RECORD | {"orderNo": f"A-{number}"}


def envelope(content: object, **changes: object) -> dict[str, object]:
    """What kombu puts on a list: the body's text, in base64."""
    text = json.dumps(content).encode()
    return {
        "body": base64.b64encode(text).decode(),
        "content-type": "application/json",
        "content-encoding": "utf-8",
        "headers": {},
        "properties": {"body_encoding": "base64", "delivery_tag": "1"},
    } | changes


def celery(*args: object, task: str = TASK, **kwargs: object) -> dict[str, object]:
    body = [list(args), kwargs, {"callbacks": None}]
    return envelope(body, headers={"task": task, "id": "1", "lang": "py"})


def read(*items: object, **limits: int) -> tuple[list[Arrival], list[Unread]]:
    raw = [item if isinstance(item, bytes) else json.dumps(item).encode() for item in items]
    return reader(**limits).read(raw, NOON)


def subjects(*items: object) -> list[str]:
    arrivals, unread = read(*items)
    assert unread == []
    return [arrival.event.subject for arrival in arrivals]


def reason(item: object, **limits: int) -> str:
    arrivals, unread = read(item, **limits)
    assert arrivals == []
    return unread[0].reason


@pytest.mark.parametrize("wrap", [lambda given: given, envelope, celery])
def test_an_object_and_an_array_are_read_plain_in_an_envelope_and_as_a_tasks_argument(
    wrap: Any,  # noqa: ANN401 any of the forms
) -> None:
    assert subjects(wrap(record(1))) == ["A-1"]
    assert subjects(wrap([record(1), record(2)])) == ["A-1", "A-2"]


def test_a_task_may_name_its_argument() -> None:
    assert subjects(celery(event=record(1)), celery(events=[record(2)])) == ["A-1", "A-2"]


def test_an_envelopes_body_may_be_plain_text() -> None:
    plain = envelope(None, body=json.dumps(record(1)), properties={})
    assert subjects(plain, plain | {"content-encoding": None}) == ["A-1", "A-1"]


def test_events_keep_the_order_in_which_they_were_published() -> None:
    items = [record(1), [record(2), record(3)], celery(record(4)), envelope([record(5)])]
    assert subjects(*items) == ["A-1", "A-2", "A-3", "A-4", "A-5"]


def test_an_event_is_kept_as_it_was_given_with_unknown_fields_and_every_digit() -> None:
    given = json.dumps(record(1) | {"gun": {"t": [1]}}).replace('"12.30"', "12.30")
    arrivals, _ = read(given.encode())
    assert read_json(arrivals[0].body) == read_json(given)


@pytest.mark.parametrize(
    ("item", "why"),
    [
        (b"\x80\xff", "not UTF-8 at byte 0"),
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"NaN", "not JSON"),
        (b"[" * 5000, "nested too deeply"),
        (42, "expected a JSON object"),
        (None, "expected a JSON object"),
        ([], "an empty array"),
        ([[]], "expected a JSON object"),
        (RECORD | {"orderNo": None}, "orderNo: Field required"),
        (b'{"orderNo": "\\ud800"}', "orderNo: "),
        (RECORD | {"note": "\ud800"}, "half a surrogate"),
        (envelope(RECORD, **{"content-type": "application/x-python-serialize"}), "content-type"),
        (envelope(RECORD, **{"content-encoding": "utf-16"}), "content-encoding is utf-16"),
        (envelope(RECORD, headers={"compression": "application/x-gzip"}), "compressed with"),
        (envelope(RECORD, body=7), "body: expected text"),
        (envelope(RECORD, body="&&"), "body: cannot be decoded as base64"),
        (envelope(RECORD, body="\ud800", properties={}), "body: cannot be decoded as utf-8"),
        (envelope(RECORD, body=base64.b64encode(b"\xff").decode()), "not UTF-8"),
        (envelope(RECORD, body=base64.b64encode(b"{").decode()), "not JSON"),
        (envelope([]), "an empty array"),
        (celery(RECORD, task="tasks.connector_status"), "does not belong on the queue"),
        (celery(RECORD, task="os.system"), "task os.system does not belong"),
        (celery(), "no first argument"),
        (celery(other=RECORD), "no first argument"),
        (envelope("x", headers={"task": TASK}), "no first argument"),
        (envelope([[], []], headers={"task": TASK}), "no first argument"),
        (celery("x"), "expected a JSON object"),
    ],
)
def test_what_cannot_be_read_is_kept_with_its_reason(item: object, why: str) -> None:
    assert why in reason(item)


def test_a_larger_item_than_allowed_is_not_read_but_kept_in_part() -> None:
    item = json.dumps(record(1) | {"note": "x" * 500}).encode()
    assert reason(item, item_max_bytes=500) == f"{len(item)} bytes; an item may have 500"
    _, unread = read(item, item_max_bytes=500, keep_bytes=20)
    assert unread[0].raw == item[:20]
    assert unread[0].raw_bytes == len(item)
    arrivals, _ = read(item, item_max_bytes=len(item))
    assert len(arrivals) == 1


def test_one_bad_event_of_an_array_still_lets_the_others_through() -> None:
    arrivals, unread = read([record(1), {"orderNo": "A-2"}, 7, record(3)], b"\xff", record(4))
    assert [a.event.subject for a in arrivals] == ["A-1", "A-3", "A-4"]
    assert [u.raw for u in unread] == [b'{"orderNo":"A-2"}', b"7", b"\xff"]


def test_what_is_kept_of_a_bad_event_can_be_put_back_after_a_fix() -> None:
    _, unread = read([record(1) | {"endTime": "soon"}])
    fixed = unread[0].raw.replace(b"soon", b"2024-05-01 19:00:00")
    assert subjects(fixed) == ["A-1"]


def test_a_reason_can_be_stored_anywhere() -> None:
    given = b'{"orderNo": "\\u0000\\ud800", "a\\u0000b": 1, "totalMoney": "\\u0000"}'
    _, unread = read(given, celery(RECORD, task="\x00\ud800" + "x" * 5000))
    for item in unread:
        assert item.reason.encode("utf-8")
        assert "\x00" not in item.reason
        assert len(item.reason) < 10_000


@pytest.mark.parametrize(("ahead_s", "read_"), [(600, True), (601, False)])
def test_a_status_from_the_future_is_unread_it_would_silence_its_connector(
    ahead_s: int, read_: bool
) -> None:
    at = (NOON + timedelta(seconds=ahead_s)).isoformat()
    item = json.dumps(STATUS | {"updateTime": at}).encode()
    arrivals, unread = reader(Kind.CONNECTOR_STATUS).read([item], NOON)
    assert bool(arrivals) is read_
    assert all(u.reason.startswith("updateTime: ") for u in unread)


def test_a_record_may_end_in_the_future() -> None:
    assert subjects(record(1) | {"endTime": "2030-01-01 00:00:00"}) == ["A-1"]


def test_what_the_journal_cannot_hold_is_set_aside_with_the_fault() -> None:
    arrivals, unread = read(record(1), record(2), 7)
    kept, aside = reader().set_aside(
        arrivals, unread, lambda a: "too odd" if a.event.subject == "A-2" else None
    )
    assert [a.event.subject for a in kept] == ["A-1"]
    assert [u.reason for u in aside] == [unread[0].reason, "cannot be stored: too odd"]
    assert aside[1].raw == arrivals[1].body.encode()


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_an_event_that_was_read_can_be_accepted_however_deep_it_is_nested(
    opening: str, closing: str
) -> None:
    """The journal computes the hash some calls further down than the reader stands."""
    for deep in [100, 500, *range(900, 1000), 5000]:
        nested = opening * deep + "1" + closing * deep
        item = json.dumps(RECORD).replace("{", '{"note": ' + nested + ", ", 1).encode()
        arrivals, unread = reader(item_max_bytes=10**6).read([item], NOON)
        assert len(arrivals) + len(unread) == 1
        for arrival in arrivals:
            assert _further_down(20, arrival)


def _further_down(calls: int, arrival: Arrival) -> str:
    if calls:
        return _further_down(calls - 1, arrival)
    return hash_of(arrival.event, arrival.body)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from([*RECORD, "body", "properties", "headers"]), inner)
    ),
    max_leaves=15,
)
fields = st.dictionaries(st.sampled_from(sorted(RECORD)), json_values)


@given(
    st.one_of(
        st.binary(max_size=300),
        json_values.map(lambda v: json.dumps(v).encode()),
        fields.map(lambda changes: json.dumps(RECORD | changes).encode()),
        json_values.map(lambda v: json.dumps(envelope(v)).encode()),
        json_values.map(lambda v: json.dumps(celery(v)).encode()),
        fields.map(lambda changes: json.dumps(envelope(RECORD) | {"headers": changes}).encode()),
    )
)
@settings(deadline=None)
def test_whatever_bytes_come_they_end_as_arrivals_or_unread_and_can_be_stored(item: bytes) -> None:
    arrivals, unread = reader().read([item], NOON)
    assert arrivals or unread
    for arrival in arrivals:
        assert arrival.body.encode()
        assert hash_of(arrival.event, arrival.body)
    for kept in unread:
        assert kept.reason
        assert "\x00" not in kept.reason.encode().decode()


def test_a_base64_body_that_is_not_ascii_is_a_reject() -> None:
    item = {
        "body": "沪",
        "content-type": "application/json",
        "properties": {"body_encoding": "base64"},
    }
    arrivals, unread = reader().read([json.dumps(item, ensure_ascii=False).encode()], NOON)
    assert (arrivals, len(unread)) == ([], 1)
    assert "body" in unread[0].reason
