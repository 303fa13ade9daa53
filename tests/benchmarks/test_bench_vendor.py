import asyncio
import http.client
import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from benchmarks import vendor
from benchmarks.asking import Asked, Ways
from benchmarks.peers.given import mark, record, status
from benchmarks.peers.signing import metering, signed

GATE = "gate/parkpot-service/chargePile/chargingRecord"
REPORT = "city/platform/report/chargingMetaInfo"


@pytest.fixture
def asked() -> Iterator[Asked]:
    """A vendor on a real socket, in a thread."""
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(vendor.serve())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield Asked(server.sockets[0].getsockname()[1])
    loop.call_soon_threadsafe(server.close)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()


def post(asked: Asked, path: str, content: object, method: str = "POST") -> dict[str, Any]:
    line = http.client.HTTPConnection("127.0.0.1", asked.port, timeout=5)
    try:
        line.request(method, path, json.dumps(content))
        answer = line.getresponse()
        assert answer.status == 200
        found: dict[str, Any] = json.loads(answer.read())
        return found
    finally:
        line.close()


def test_a_gate_counts_records_and_repeats(asked: Asked) -> None:
    first, second = signed(record(1)), signed(record(2))
    for fields in (first, second, first):
        assert post(asked, f"/0/{GATE}", fields) == {"result": 0, "description": "成功"}
    stats = asked.stats(2)
    counts = {name: stats["record"][name] for name in ("items", "distinct", "repeats")}
    assert counts == {"items": 3, "distinct": 2, "repeats": 1}
    assert (stats["requests"], stats["wrong_signs"]) == (3, 0)


def test_a_gate_finds_a_contender_that_cannot_sign(asked: Asked) -> None:
    wrong = signed(record(1)) | {"sign": "0" * 32}
    answers = [post(asked, f"/0/{GATE}", wrong)["result"] for _ in range(vendor.CHECKED)]
    assert answers.count(1) == 1
    assert asked.stats()["wrong_signs"] == 1


def test_a_platform_gives_a_token_and_counts_the_items_of_lists(asked: Asked) -> None:
    token = post(asked, "/0/city/platform/management/operatorAPIToken", None, "GET")
    assert (token["status"], token["data"]) == (200, "bench-token")
    items = [metering(status(number)) for number in range(12)]
    assert post(asked, f"/0/{REPORT}List", items)["status"] == 200
    assert post(asked, f"/0/{REPORT}", items[0])["status"] == 200
    found = asked.stats()["status"]
    assert (found["items"], found["distinct"], found["repeats"]) == (13, 12, 1)


def test_a_warning_is_known_by_its_cell(asked: Asked) -> None:
    assert post(asked, "/0/city/risk", {"cellId": mark(1)})["status"] == 200
    assert asked.distinct("warning") == 1


def test_the_path_says_how_long_an_answer_takes(asked: Asked) -> None:
    began = time.monotonic()
    post(asked, f"/60/{GATE}", signed(record(1)))
    assert time.monotonic() - began >= 0.06


def test_what_hangs_is_counted_and_not_answered(asked: Asked) -> None:
    line = http.client.HTTPConnection("127.0.0.1", asked.port, timeout=0.1)
    line.request("POST", f"/hang/{GATE}", "{}")
    with pytest.raises(TimeoutError):
        line.getresponse()
    line.close()
    stats = asked.stats()
    assert (stats["hanging"], stats["record"]["items"]) == (1, 0)


def test_an_unknown_path_is_not_taken_for_an_answer(asked: Asked) -> None:
    with pytest.raises(AssertionError):
        post(asked, "/0/elsewhere", {})


def test_a_latency_runs_from_publication_to_arrival(asked: Asked) -> None:
    event = record(1)
    time.sleep(0.03)
    post(asked, f"/0/{GATE}", signed(event))
    post(asked, f"/0/{GATE}", signed(record(2) | {"orderNo": "0-5"}))
    (found,) = asked.ways("record").latencies_ms
    assert 30 <= found < 5000


def test_a_reset_forgets_everything(asked: Asked) -> None:
    post(asked, f"/0/{GATE}", signed(record(1)))
    asked.reset()
    stats = asked.stats()
    assert (stats["requests"], stats["record"]["items"]) == (0, 0)


def test_a_request_may_come_in_pieces_and_two_on_one_line(asked: Asked) -> None:
    line = http.client.HTTPConnection("127.0.0.1", asked.port, timeout=5)
    line.connect()
    body = json.dumps(signed(record(1))).encode()
    head = f"POST /0/{GATE} HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    for piece in (head[:9], head[9:], body[:20], body[20:] + head + body):
        line.sock.sendall(piece)
        time.sleep(0.01)
    line.close()
    assert asked.stats()["record"]["items"] == 2


def test_percentiles_and_the_offered_rate_come_from_the_same_times() -> None:
    ways = Ways([(n * 10_000_000, n * 10_000_000 + (n + 1) * 1_000_000) for n in range(101)])
    assert ways.percentiles() == pytest.approx({"p50": 51, "p95": 96, "p99": 100})
    assert ways.offered == pytest.approx(100)


def test_a_rate_leaves_out_the_first_tenth() -> None:
    heard = vendor.Heard()
    heard.first = {str(n): n * 1_000_000 for n in range(100)}
    assert heard.rate(101) is None
    assert heard.rate(100) == pytest.approx(1000)
    heard.first["0"] = -(10**12)
    assert heard.rate(100) == pytest.approx(1000)
