"""Bodies that are too large, too short or too slow: bounded, never half kept, and seen."""

import json
from collections.abc import Iterator

import pytest
import requests

from tests.worker.callbacks.platform_caller import Platform, failure, refused, risk
from tests.worker.callbacks.raw_caller import Line
from tests.worker.callbacks.served import called_by_platform
from tests.worker.callbacks.traces import left, only_one, until
from tests.worker.desk import Desk
from worker.journal import callback_tables as told

JSON = {"Content-Type": "application/json"}
MOST = 5000


@pytest.fixture
def desk(embedded_desk: Desk) -> Desk:
    return embedded_desk


def test_odd_queries_are_refused(desk: Desk, platform: Platform) -> None:
    queries = [
        "operatorId=395815801&cellId=%00&updateDatetime=2024-05-01+19:00:01",
        "operatorId=395815801&cellId=C-1&updateDatetime=%ff",
        "operatorId=395815801&cellId=C-1&updateDatetime=2024-05-01T19:00:01",
        "&".join(f"a{n}=1" for n in range(101)),
        "cellId",
        "%",
        ";;;&&&===",
    ]
    for query in queries:
        answer = platform.call("GET", f"city/charging-meta-info?{query}")
        assert refused(answer, 400), query
    assert len(left(desk)) == len(queries)


def test_a_body_that_is_too_large_is_refused(desk: Desk) -> None:
    with called_by_platform(desk, callback_max_bytes=MOST) as platform:
        padded = json.dumps(risk()).encode().ljust(MOST)
        headers = platform.headers() | JSON
        assert platform.call("POST", "city/cell-risk", headers, data=padded).status_code == 200
        headers = platform.headers() | JSON
        answer = platform.call("POST", "city/cell-risk", headers, data=padded + b" ")
        assert "5000 bytes" in refused(answer, 413)
    assert [row.http_status for row in desk.all(told.callback)] == [200, 413]


def test_what_is_announced_beyond_the_limit_is_not_read_to_its_end(desk: Desk) -> None:
    with called_by_platform(desk, callback_max_bytes=MOST) as platform, Line(platform.port) as line:
        announced = JSON | {"Content-Length": "1000000000"}
        line.begin("city/cell-risk", platform.headers() | announced)
        line.send(b" " * (MOST + 1))
        status, content = line.answer()
        assert (status, content["status"], content["data"]) == (413, 413, None)
        assert line.ends()
    assert only_one(desk, 413)


def test_a_stream_that_has_no_end_is_not_read_to_its_end(desk: Desk) -> None:
    with called_by_platform(desk, callback_max_bytes=MOST) as platform, Line(platform.port) as line:
        line.begin("city/cell-risk", platform.headers() | JSON | {"Transfer-Encoding": "chunked"})
        for _ in range(6):
            line.send(b"3e8\r\n" + b" " * 1000 + b"\r\n")
        assert line.answer()[0] == 413
        assert line.ends()
    assert only_one(desk, 413)


def test_a_client_that_streams_too_much_reads_the_refusal(desk: Desk) -> None:
    def parts() -> Iterator[bytes]:
        for _ in range(20):
            yield b" " * 1000

    with called_by_platform(desk, callback_max_bytes=MOST) as platform:
        for _ in range(10):
            with requests.Session() as session:
                headers = platform.headers() | JSON
                answer = platform.call(
                    "POST", "city/cell-risk", headers, data=parts(), session=session
                )
                refused(answer, 413)


def test_a_body_that_breaks_off_is_not_taken_and_seen(desk: Desk, platform: Platform) -> None:
    whole = json.dumps(risk()).encode()
    announced = JSON | {"Content-Length": str(len(whole) + 1)}
    with Line(platform.port) as line:
        line.begin("city/cell-risk", platform.headers() | announced)
        line.send(whole)
    with Line(platform.port) as line:
        line.begin("city/cell-risk", platform.headers() | JSON | {"Transfer-Encoding": "chunked"})
        line.send(b"%x\r\n%s\r\n" % (len(whole), whole))
    until(lambda: len(left(desk)) == 2, "both are seen")
    assert {trace.reason for trace in left(desk)} == {"the body ended too early"}
    platform.warns()


def test_a_body_that_does_not_come_is_given_up(desk: Desk) -> None:
    with called_by_platform(desk, callback_read_s=0.1) as platform, Line(platform.port) as line:
        line.begin("city/cell-risk", platform.headers() | JSON | {"Content-Length": "1000"})
        line.send(b"{")
        status, content = line.answer()
        assert (status, content["status"]) == (408, 408)
        assert line.ends()
        assert only_one(desk, 408)
        platform.warns()


def test_a_slow_body_holds_up_nobody_else(desk: Desk, platform: Platform) -> None:
    whole = json.dumps(failure("R-1")).encode()
    with Line(platform.port) as line:
        announced = JSON | {"Content-Length": str(len(whole))}
        line.begin("city/report-failure", platform.headers() | announced)
        line.send(whole[:20])
        platform.fails("R-2")
        line.send(whole[20:])
        assert line.answer()[0] == 200
    assert [row.request_id for row in desk.all(told.failed_report)] == ["R-2", "R-1"]
