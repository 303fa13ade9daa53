"""Every fault does to a request what it says, as often as it says."""

import json
import threading

import pytest
import requests

from tests.sandbox.callers import GATE_KEY, City, Garage, md5_signature

CUT = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)


def test_latency_holds_a_request_before_it_is_taken(own_garage: Garage) -> None:
    own_garage.control.fault("latency", ms=60_000)
    with pytest.raises(requests.exceptions.ReadTimeout):
        own_garage.post({}, timeout_s=0.1)
    counters = own_garage.control.counters()
    assert (counters["in_flight"], counters["accepted_items"], counters["refused"]) == (1, 0, 0)


def test_a_request_is_taken_when_its_latency_is_over(garage: Garage) -> None:
    garage.control.fault("latency", ms=1)
    assert garage.tell() == {"result": 0}
    assert garage.control.counters()["faulted"] == 1


@pytest.mark.parametrize("status", [429, 500, 502])
def test_an_http_status_is_answered_and_nothing_taken(garage: Garage, status: int) -> None:
    garage.control.fault("http_status", status=status, retry_after_s=7)
    answer = garage.send()
    assert (answer.status_code, answer.headers["Retry-After"]) == (status, "7")
    assert garage.control.counters()["accepted_items"] == 0


def test_an_http_status_names_no_wait_unless_told(garage: Garage) -> None:
    garage.control.fault("http_status", status=503)
    assert "Retry-After" not in garage.send().headers


def test_a_reset_before_reading_takes_nothing(garage: Garage) -> None:
    garage.control.fault("reset", times=1)
    with pytest.raises(CUT):
        garage.send()
    assert garage.control.keys() == []
    assert garage.tell() == {"result": 0}


def test_a_reset_after_the_body_was_processed_has_taken_it(garage: Garage) -> None:
    garage.control.fault("reset", after=True)
    with pytest.raises(CUT):
        garage.send()
    assert garage.control.keys() == ["ORDER-1"]


def test_a_hang_answers_nothing_until_it_is_cleared(garage: Garage) -> None:
    garage.control.fault("hang")
    ended: list[BaseException] = []

    def send() -> None:
        try:
            garage.send()
        except CUT as error:
            ended.append(error)

    thread = threading.Thread(target=send)
    thread.start()
    garage.control.wait_for("requests", 1)
    assert garage.control.counters()["in_flight"] == 1
    garage.control.call("DELETE", "faults")
    thread.join(10)
    assert len(ended) == 1
    assert garage.control.counters()["in_flight"] == 0
    assert garage.control.keys() == []


def test_a_hang_of_some_seconds_ends_by_itself(garage: Garage) -> None:
    garage.control.fault("hang", seconds=0.05)
    with pytest.raises(CUT):
        garage.send()


@pytest.mark.parametrize(
    ("shape", "expected"), [("array", []), ("string", "ok"), ("number", 0), ("null", None)]
)
def test_garbage_can_be_json_of_the_wrong_type(
    garage: Garage, shape: str, expected: object
) -> None:
    garage.control.fault("garbage", shape=shape)
    answer = garage.send()
    assert (answer.status_code, answer.json()) == (200, expected)
    assert garage.control.keys() == []


def test_garbage_is_not_json_unless_told(garage: Garage) -> None:
    garage.control.fault("garbage")
    answer = garage.send()
    assert answer.status_code == 200
    with pytest.raises(ValueError, match="Expecting value"):
        answer.json()


def test_an_empty_body_is_a_success_without_a_word(garage: Garage) -> None:
    garage.control.fault("empty_body")
    answer = garage.send()
    assert (answer.status_code, answer.content) == (200, b"")


def test_a_huge_body_is_as_long_as_ordered(garage: Garage) -> None:
    garage.control.fault("huge_body", megabytes=2)
    assert len(garage.send().content) == 2_000_002


@pytest.mark.parametrize("kind", ["http_status", "garbage", "empty_body", "huge_body"])
def test_a_spoilt_answer_can_follow_a_request_that_was_taken(garage: Garage, kind: str) -> None:
    settings = {"status": 502} if kind == "http_status" else {}
    garage.control.fault(kind, after=True, **settings)
    garage.send()
    assert garage.control.keys() == ["ORDER-1"]


def test_a_slow_drip_is_a_true_answer_in_many_pieces(garage: Garage) -> None:
    garage.control.fault("slow_drip", seconds=0.1, interval_ms=10)
    body = garage.record()
    body["sign"] = "0" * 32
    pieces = list(garage.post(body, stream=True).iter_content(None))
    assert len(pieces) > 2
    assert json.loads(b"".join(pieces))["description"] == "签名错误"


def test_an_expired_token_fault_ends_every_token_issued(city: City) -> None:
    older, newer = city.fetch_token(), city.fetch_token()
    city.control.fault("expired_token", times=1)
    assert city.report_status()["message"] == "token 已过期"
    for token in (older, newer):
        city.token = token
        assert city.report_status()["message"] == "token 已过期"
    city.fetch_token()
    assert city.report_status()["status"] == 200


def test_an_expired_token_fault_does_not_stop_at_a_token_fetch(city: City) -> None:
    city.control.fault("expired_token", times=1)
    city.fetch_token()
    assert city.report_status()["message"] == "token 已过期"


def test_a_throttle_lets_none_pass_when_none_are_allowed(garage: Garage) -> None:
    garage.control.fault("throttle", per_s=0, retry_after_s=3)
    answer = garage.send()
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3")


def test_a_throttle_leaves_alone_who_stays_under_it(garage: Garage) -> None:
    garage.control.fault("throttle", per_s=1000)
    assert [garage.tell() for _ in range(3)] == [{"result": 0}] * 3
    assert garage.control.counters()["faulted"] == 0


def test_a_rejected_order_is_refused_and_others_are_not(garage: Garage) -> None:
    garage.control.fault("reject_item", key="BAD", message="车辆不在场")
    assert garage.tell(orderNo="BAD") == {"result": 1, "description": "车辆不在场"}
    assert garage.tell(orderNo="GOOD") == {"result": 0}
    assert garage.control.keys() == ["GOOD"]


def test_a_rejected_record_refuses_its_whole_list(city: City) -> None:
    bad = city.record(2)
    city.control.fault("reject_item", key=bad["startChargeSeq"], times=1)
    answer = city.report_records([city.record(1), bad])
    assert (answer["status"], answer["message"]) == (400, "第2个数据有误：sandbox: 拒绝")
    assert city.control.keys() == []
    assert city.report_records([city.record(1), bad])["status"] == 200


def test_a_rejected_connector_is_refused(city: City) -> None:
    city.control.fault("reject_item", key="C-9")
    assert city.report_status(cellId="C-9")["status"] == 400


def test_an_answer_after_the_callers_timeout_has_taken_the_request(own_garage: Garage) -> None:
    own_garage.control.fault("answer_after_timeout", seconds=60)
    body = own_garage.record()
    body["sign"] = md5_signature(body, GATE_KEY)
    with pytest.raises(requests.exceptions.ReadTimeout):
        own_garage.post(body, timeout_s=0.1)
    own_garage.control.wait_for("accepted_items", 1)
    assert own_garage.control.keys() == ["ORDER-1"]
    assert own_garage.control.counters()["in_flight"] == 1


def test_an_answer_that_is_late_is_still_the_true_one(garage: Garage) -> None:
    garage.control.fault("answer_after_timeout", seconds=0.02)
    assert garage.tell() == {"result": 0}
    assert garage.control.keys() == ["ORDER-1"]


def test_a_fault_strikes_as_many_requests_as_ordered(garage: Garage) -> None:
    garage.control.fault("http_status", status=500, times=2)
    assert [garage.send().status_code for _ in range(4)] == [500, 500, 200, 200]
    assert garage.control.call("GET", "faults").json() == []


def test_a_fault_without_times_strikes_until_it_is_cleared(garage: Garage) -> None:
    garage.control.fault("http_status", status=500)
    assert [garage.send().status_code for _ in range(3)] == [500, 500, 500]
    garage.control.call("DELETE", "faults")
    assert garage.send().status_code == 200


def test_a_rate_strikes_the_same_requests_for_the_same_seed(garage: Garage) -> None:
    runs = []
    for _ in range(2):
        garage.control.fault("http_status", status=500, rate=0.5, seed=42)
        runs.append([garage.send().status_code for _ in range(30)])
        garage.control.call("DELETE", "faults")
    assert runs[0] == runs[1]
    assert set(runs[0]) == {200, 500}


def test_a_rate_of_zero_strikes_nothing(garage: Garage) -> None:
    garage.control.fault("http_status", status=500, rate=0)
    assert garage.send().status_code == 200


def test_a_fault_of_one_path_leaves_the_others_alone(city: City) -> None:
    city.control.fault("http_status", status=500, path="chargingRecordList")
    assert city.report_record()["status"] == 200
    url = f"{city.base_url}/platform/management/chargingRecordList"
    assert city.session.post(url, json=[], timeout=5).status_code == 500


def test_latency_goes_together_with_another_fault(garage: Garage) -> None:
    garage.control.fault("latency", ms=1)
    garage.control.fault("http_status", status=500, times=1)
    assert [garage.send().status_code for _ in range(2)] == [500, 200]
    assert garage.control.counters()["faulted"] == 2


def test_of_two_faults_that_spoil_the_first_strikes_and_the_second_waits(garage: Garage) -> None:
    garage.control.fault("http_status", status=500, times=1)
    garage.control.fault("http_status", status=502, times=1)
    assert [garage.send().status_code for _ in range(3)] == [500, 502, 200]


def test_one_vendors_fault_is_not_anothers(city: City, garage: Garage) -> None:
    garage.control.fault("http_status", status=500)
    assert city.report_status()["status"] == 200


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ([], "a fault is a JSON object"),
        ({}, "kind must be one of latency, http_status"),
        ({"kind": "flood"}, "it is 'flood'"),
        ({"kind": "latency"}, "latency needs ms: milliseconds"),
        ({"kind": "latency", "ms": "1"}, "ms must be milliseconds, 0 or more; it is '1'"),
        ({"kind": "latency", "ms": -1}, "ms must be"),
        ({"kind": "http_status", "status": 99}, "status must be a whole number from 200 to 599"),
        ({"kind": "http_status", "status": 500, "wait": 1}, "http_status does not know wait"),
        ({"kind": "reset", "after": 1}, "after must be true or false"),
        ({"kind": "reset", "times": 0}, "times must be a whole number from 1"),
        ({"kind": "reset", "rate": 1.5}, "rate must be from 0 to 1"),
        ({"kind": "reset", "path": 5}, "path must be a part of a path"),
        ({"kind": "garbage", "shape": "round"}, "shape must be one of bytes"),
        ({"kind": "reject_item"}, "reject_item needs key"),
        ({"kind": "expired_token"}, "parkpot has no tokens that could expire"),
    ],
)
def test_a_wrong_order_is_explained(garage: Garage, order: object, message: str) -> None:
    answer = garage.control.call("POST", "faults", json=order)
    assert answer.status_code == 400
    assert message in answer.json()["message"]
    assert garage.control.call("GET", "faults").json() == []


def test_an_order_is_shown_with_every_setting_filled_in(garage: Garage) -> None:
    order = {"kind": "http_status", "status": 500, "times": 3}
    answer = garage.control.call("POST", "faults", json=order)
    shown = order | {"retry_after_s": None, "after": False, "rate": 1.0, "seed": 0, "path": ""}
    assert answer.status_code == 201
    assert shown.items() <= answer.json().items()
    assert answer.json()["left"] == 3
