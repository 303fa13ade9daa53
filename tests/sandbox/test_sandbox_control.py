"""The control interface tells what was received and how often."""

import http.client

import pytest
import requests

from tests.sandbox.callers import City, Garage


def test_health_names_the_vendors_and_their_systems(default_sandbox: str) -> None:
    answer = requests.get(f"{default_sandbox}/_sandbox/health", timeout=5).json()
    assert answer == {
        "status": "ok",
        "vendors": {
            "city-platform": {"system": "charging_station"},
            "mall-garage": {"system": "parkpot"},
            "car-maker": {"system": "sgm_info4"},
            "own-piles": {"system": "pile_admin"},
            "pile-cloud": {"system": "wanzhuang"},
        },
    }


def test_received_items_are_read_on_from_where_one_stopped(garage: Garage) -> None:
    for name in "ABCDE":
        garage.tell(orderNo=name)
    page = garage.control.call("GET", "received?since=1&limit=2").json()
    assert [item["key"] for item in page["items"]] == ["B", "C"]
    assert page["next"] == 3
    assert page["counters"]["accepted_items"] == 5
    rest = garage.control.call("GET", f"received?since={page['next']}&limit=0").json()
    assert [item["key"] for item in rest["items"]] == ["D", "E"]
    end = garage.control.call("GET", "received?since=5").json()
    assert (end["items"], end["next"]) == ([], 5)


def test_items_arrive_in_the_order_of_the_clock(garage: Garage) -> None:
    for name in "ABC":
        garage.tell(orderNo=name)
    items = garage.control.call("GET", "received").json()["items"]
    assert [item["seq"] for item in items] == [1, 2, 3]
    assert sorted(item["at_s"] for item in items) == [item["at_s"] for item in items]


@pytest.mark.parametrize("query", ["since=x", "limit=-1", "since=1.5"])
def test_a_wrong_window_is_explained(garage: Garage, query: str) -> None:
    answer = garage.control.call("GET", f"received?{query}")
    assert (answer.status_code, "whole numbers" in answer.json()["message"]) == (400, True)


def test_counters_count_requests_items_and_refusals(city: City) -> None:
    city.report_statuses([city.status(cellId="A"), city.status(cellId="B")])
    city.report_status(cellId="")
    counters = city.control.counters()
    expected = {
        "requests": 3,
        "accepted_items": 2,
        "repeated_items": 0,
        "refused": 1,
        "faulted": 0,
        "token_fetches": 1,
        "in_flight": 0,
    }
    assert expected.items() <= counters.items()
    assert counters["max_in_flight"] >= 1


def test_a_reset_forgets_what_was_received(garage: Garage) -> None:
    garage.tell()
    garage.control.call("POST", "reset")
    assert garage.control.keys() == []
    assert garage.control.counters()["requests"] == 0
    assert garage.tell() == {"result": 0}
    assert garage.control.counters()["accepted_items"] == 1


def test_an_unknown_vendor_or_control_is_explained(default_sandbox: str) -> None:
    for path, word in [("nobody/counters", "nobody"), ("mall-garage/secrets", "GET counters")]:
        answer = requests.get(f"{default_sandbox}/_sandbox/{path}", timeout=5)
        assert answer.status_code == 404
        assert word in answer.json()["message"]


def test_a_path_of_no_vendor_is_explained(default_sandbox: str) -> None:
    answer = requests.post(f"{default_sandbox}/nobody/x", timeout=5)
    assert (answer.status_code, "city-platform" in answer.json()["message"]) == (404, True)


def test_a_connection_is_kept_for_the_next_request(default_sandbox: str) -> None:
    connection = http.client.HTTPConnection(default_sandbox.removeprefix("http://"), timeout=5)
    connection.request("GET", "/_sandbox/health")
    connection.getresponse().read()
    kept = connection.sock
    connection.request("GET", "/_sandbox/health")
    connection.getresponse().read()
    assert kept is not None
    assert connection.sock is kept
    connection.close()
