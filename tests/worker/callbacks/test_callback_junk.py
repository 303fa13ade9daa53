"""Bodies that make no sense: refused and seen, never a 5xx, on either database."""

import json

from tests.worker.callbacks.platform_caller import Platform, refused
from tests.worker.callbacks.traces import left
from tests.worker.desk import Desk
from worker.journal import callback_tables as told

JSON = {"Content-Type": "application/json"}

HEAD = b'{"status":1,"message":"%s","data":{"requestAPI":"a","requestId":"R",'
TAIL = b'"requestBody":%s,"requestFailureCount":%s}}'


def telling(message: bytes = b"m", body: bytes = b"{}", count: bytes = b"1") -> bytes:
    """A failure whose parts are written as they are given."""
    return HEAD % message + TAIL % (body, count)


JUNK = {
    "nothing": b"",
    "no JSON": b"{",
    "an array": b"[]",
    "a text": b'"text"',
    "null": b"null",
    "a form": b"status=1&message=m",
    "two objects": b"{}{}",
    "a byte order mark": b"\xef\xbb\xbf" + telling(),
    "UTF-16": telling().decode().encode("utf-16"),
    "bad UTF-8": telling(b"\xff\xfe"),
    "half a surrogate": telling(rb"\ud800"),
    "half a surrogate in UTF-8": telling(b"\xed\xa0\x80"),
    "half a surrogate as a name": telling(body=rb'{"\udfff":1}'),
    "NUL": telling(rb"a\u0000b"),
    "NUL as a name": telling(body=rb'{"a\u0000":1}'),
    "NUL in an id": telling().replace(b'"R"', rb'"R\u0000"'),
    "a bare NUL": telling(b"a\x00b"),
    "NaN": telling(count=b"NaN"),
    "Infinity": telling(body=b"[-Infinity]"),
    "a huge whole number": telling(count=b"9" * 4000),
    "a whole number beyond Python's own limit": telling(count=b"9" * 5000),
    "a number with a huge exponent": telling(count=b"1e999999999"),
    "a number with a tiny exponent": telling(count=b"1e-999999999"),
    "an exponent beyond any": telling(count=b"1e" + b"9" * 30),
    "a negative count": telling(count=b"-1"),
    "a fraction of a count": telling(count=b"1.5"),
    "a count as truth": telling(count=b"true"),
    "arrays 100,000 deep": telling(body=b"[" * 100_000 + b"]" * 100_000),
    "objects 30,000 deep": telling(body=b'{"a":' * 30_000 + b"1" + b"}" * 30_000),
    "depth without an end": b"[" * 200_000,
}

ODD = {
    "a million as an exponent, within what is only kept": telling(body=b'{"cellId":1e999999}'),
    "a huge cell": telling(body=b'{"cellId":%s,"endDatetime":"x"}' % (b"9" * 4000)),
    "a time with a leap second": telling(
        body=b'{"cellId":"C","updateDatetime":"2024-06-30 23:59:60"}'
    ),
    "a huge status": telling(
        body=b'{"cellId":"C","updateDatetime":"2024-06-30 23:59:59","cellStatus":%s}' % (b"9" * 99)
    ),
    "10,000 names": telling(
        body=json.dumps({f"n{n}": n for n in range(10_000)}).encode(),
    ),
    "a written-out backslash before u0000": telling(rb"a\\u0000b"),
    "300 deep": telling(body=b"[" * 300 + b"]" * 300),
}


def test_what_is_no_callback_is_refused_and_seen(desk: Desk, platform: Platform) -> None:
    for what, body in JUNK.items():
        headers = platform.headers() | JSON
        answer = platform.call("POST", "city/report-failure", headers, data=body)
        assert refused(answer, 400), what
    traces = left(desk)
    assert [trace.http_status for trace in traces] == [400] * len(JUNK)
    assert all(len(trace.body) <= 4096 and "\x00" not in trace.body for trace in traces)


def test_odd_but_rightful_failures_are_taken(desk: Desk, platform: Platform) -> None:
    for body in ODD.values():
        headers = platform.headers() | JSON
        answer = platform.call("POST", "city/report-failure", headers, data=body)
        assert answer.status_code == 200, answer.text
    assert {row.state for row in desk.all(told.failed_report)} == {"unmatched"}


def test_a_long_word_is_no_work(desk: Desk, platform: Platform) -> None:
    """Looking for secrets in what is kept must not take time by the square of its length."""
    for word in (b"a" * 250_000, b"token-" * 40_000, b"://x:" * 50_000):
        refused(platform.call("POST", "city/cell-risk", JSON, data=word), 400)
    refused(platform.call("POST", f"city/{'n' * 60_000}", JSON), 404)
    assert len(left(desk)) == 4
