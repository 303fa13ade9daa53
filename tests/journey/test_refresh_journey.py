import sys

from tests.journey.relay import Relay, status, until
from tests.sandbox.callers import Control


def test_an_unchanged_status_is_told_again_when_the_clock_says_so(
    relay: Relay, city: Control
) -> None:
    table = {"system": "charging_station", "operator_id": "395815801", "secret": "sandbox-secret"}
    url = f"{city.base_url}/{city.vendor}"
    relay.write_vendors({"city-platform": {**table, "base_url": url, "refresh_s": 0.01}})
    worker = relay.start_worker()
    relay.publish("connector-status", status(1, 0), status(2, 0), status(1, 1, state=5))
    until(lambda: relay.states() == {"accepted": 2, "superseded": 1}, "both are told")
    before = len(city.keys())

    by_the_clock = "from tasks.replay import refresh; refresh()"
    assert relay.start(sys.executable, "-c", by_the_clock, log="clock").wait() == 0
    relay.start_beat()
    until(lambda: len(city.keys()) == before + 2, "both are told again")
    assert relay.stop(worker) == 0
    again = city.call("GET", "received").json()["items"][before:]
    assert {(item["key"], item["body"]["cellStatus"]) for item in again} == {
        ("C-001", 5),
        ("C-002", 3),
    }
