"""Vendors on bad days: everything arrives, in order where order counts, and nothing twice."""

import json
import socket
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import psutil
from sqlalchemy import select

from tests.journey.conftest import GARAGE
from tests.journey.relay import ROOT, Relay, keys, record, status, until
from tests.sandbox.callers import Control, listening_url
from worker.journal import tables


def test_a_vendor_that_fails_hangs_refuses_and_recovers_gets_everything(
    tmp_path: Path, relay: Relay
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    relay.write_vendors({"garage": {**GARAGE, "base_url": f"http://127.0.0.1:{port}/garage"}})
    config = tmp_path / "played.json"
    config.write_text(json.dumps({"vendors": {"garage": {"system": "parkpot"}}}))
    worker = relay.start_worker()
    relay.start_beat()
    process = psutil.Process(worker.pid)

    def sandbox() -> tuple[subprocess.Popen[str], Control]:
        command = [sys.executable, "-m", "sandbox", "--port", str(port), "--config", str(config)]
        started = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        return started, Control(listening_url(started), "garage")

    def next_try_is_visible() -> bool:
        lanes = json.loads(relay.run("lanes", "--json").stdout)
        return any(lane["vendor"] == "garage" and lane["next_try_at"] for lane in lanes)

    playing, control = sandbox()
    control.fault("http_status", status=500)
    relay.publish("charge-record", *(record(number) for number in range(3000)))
    until(lambda: control.counters()["requests"] > 20, "it has answered 500")
    until(lambda: relay.count("event") == 3000, "all are journalled")
    assert next_try_is_visible()
    memory_mb = process.memory_info().rss / 1e6

    control.call("DELETE", "faults")
    control.fault("hang")
    before = control.counters()["requests"]
    until(lambda: control.counters()["requests"] > before, "it hangs")
    assert next_try_is_visible()
    between = control.counters()["accepted_items"]  # after the one fault, before the other

    playing.kill()
    playing.communicate()
    until(lambda: "the connection was refused" in relay.log(), "nothing listens")
    assert next_try_is_visible()

    playing, control = sandbox()
    relay.settle()
    assert between + control.counters()["accepted_items"] == 3000
    assert control.counters()["repeated_items"] == 0
    assert relay.states() == {"accepted": 3000}
    assert process.memory_info().rss / 1e6 < memory_mb + 100
    playing.terminate()
    playing.communicate()
    control.session.close()


def test_after_an_outage_only_the_newest_status_is_told(
    only: Callable[..., Relay], city: Control
) -> None:
    relay = only("city-platform")
    city.fault("http_status", status=503)
    relay.start_worker()
    relay.start_beat()
    for second in (5, 1, 9, 3, 7, 2):
        relay.publish("connector-status", *(status(number, second) for number in range(40)))
    until(lambda: relay.count("event") == 240, "all are journalled")
    until(lambda: city.counters()["requests"] > 5, "the vendor was asked in vain")
    city.call("DELETE", "faults")
    relay.settle()

    received = city.call("GET", "received").json()["items"]
    assert sorted(keys(received)) == sorted(f"C-{number:03d}" for number in range(40))
    assert {item["body"]["updateDatetime"] for item in received} == {"2026-11-20 10:00:09"}
    assert relay.states() == {"accepted": 40, "superseded": 200}


def test_never_an_older_status_after_a_newer_one(only: Callable[..., Relay], city: Control) -> None:
    relay = only("city-platform", concurrency=8)
    city.fault("http_status", status=500, rate=0.3, seed=7)
    city.fault("latency", ms=10)
    relay.start_worker("one")
    relay.start_worker("two")
    relay.start_beat()
    for second in range(60):
        shuffled = (second * 7) % 60
        relay.publish("connector-status", *(status(number, shuffled) for number in range(30)))
    until(lambda: relay.count("event") == 1800, "all are journalled")
    relay.settle()

    last: dict[str, str] = {}
    for item in city.call("GET", "received?limit=0").json()["items"]:
        assert last.get(item["key"], "") < item["body"]["updateDatetime"]
        last[item["key"]] = item["body"]["updateDatetime"]
    assert last == {f"C-{number:03d}": "2026-11-20 10:00:59" for number in range(30)}


def test_a_token_that_expires_for_all_is_renewed_once_and_costs_no_retry(
    only: Callable[..., Relay], city: Control
) -> None:
    relay = only("city-platform")
    relay.start_worker("one")
    relay.start_worker("two")
    relay.publish("charge-record", *(record(number) for number in range(60)))
    until(lambda: city.counters()["accepted_items"] == 60, "the first are delivered")
    fetched = city.counters()["token_fetches"]
    city.fault("latency", ms=50)
    city.fault("expired_token", times=1)
    relay.publish("charge-record", *(record(number) for number in range(60, 600)))
    until(lambda: relay.count("event") == 600, "all are journalled")
    relay.settle()

    assert city.counters()["token_fetches"] == fetched + 1
    assert city.counters()["repeated_items"] == 0
    assert relay.states() == {"accepted": 600}
    assert relay.rows(select(tables.report.c.id).where(tables.report.c.tries > 0)) == []


def test_one_bad_record_of_a_list_does_not_hold_the_others(
    only: Callable[..., Relay], city: Control
) -> None:
    relay = only("city-platform")
    bad = "395815801" + "20261120100000" + "0013"
    city.fault("reject_item", key=bad, message="站点未登记")
    relay.publish("charge-record", *(record(number) for number in range(12)))
    relay.publish("charge-record", record(13, startChargeSeq=bad))
    relay.start_worker()
    until(lambda: relay.count("event") == 13, "all are journalled")
    relay.settle()

    assert relay.states() == {"accepted": 12, "refused": 1}
    refused = relay.rows(
        select(tables.report.c.subject, tables.report.c.reason).where(
            tables.report.c.state == "refused"
        )
    )
    assert refused[0][0] == "ORDER-000013"
    assert "站点未登记" in refused[0][1]
    assert city.counters()["accepted_items"] == 12


def test_a_record_of_unknown_fate_is_looked_up_before_it_is_sent_again(
    only: Callable[..., Relay], city: Control
) -> None:
    """The platform stores a repeated record twice; it offers a page to read them back."""
    relay = only("city-platform")
    city.fault("reset", after=True, times=1, path="chargingRecord")
    relay.publish("charge-record", record(1), record(2))
    relay.start_worker()
    relay.start_beat()
    until(lambda: relay.count("event") == 2, "both are journalled")
    relay.settle()

    assert relay.states() == {"accepted": 2}
    assert len(city.keys()) == 2
    assert city.counters()["repeated_items"] == 0


def test_a_throttled_lane_waits_as_long_as_it_was_asked_and_the_other_lane_goes_on(
    relay: Relay, city: Control, garage: Control
) -> None:
    city.fault("http_status", status=429, retry_after_s=2, times=1, path="chargingRecord")
    relay.start_worker()
    relay.start_beat()
    relay.publish("charge-record", *(record(number) for number in range(90)))
    relay.publish("connector-status", *(status(number, 1) for number in range(24)))
    until(lambda: relay.count("event") == 114, "all are journalled")
    until(lambda: relay.count("lane_state") == 1, "the wait is written down")
    lanes = json.loads(relay.run("lanes", "--json").stdout)
    waiting = [lane for lane in lanes if lane["gate"]]
    assert [(lane["vendor"], lane["kind"]) for lane in waiting] == [
        ("city-platform", "charge-record")
    ]
    relay.settle()
    assert city.counters()["accepted_items"] == 90 + 24
    assert garage.counters()["accepted_items"] == 90


def test_a_paused_vendor_is_sent_nothing_until_it_is_resumed(
    relay: Relay, garage: Control, city: Control
) -> None:
    relay.start_worker()
    relay.start_beat()
    assert relay.run("pause", "mall-garage", "--why", "repairs").returncode == 0
    relay.publish("charge-record", *(record(number) for number in range(20)))
    until(lambda: city.counters()["accepted_items"] == 20, "the other vendor has them")
    assert garage.counters()["requests"] == 0
    assert "repairs" in relay.run("lanes", "--json").stdout
    assert relay.run("resume", "mall-garage").returncode == 0
    relay.settle()
    assert garage.counters()["accepted_items"] == 20
    assert relay.rows(select(tables.report.c.id).where(tables.report.c.tries > 0)) == []


def test_reports_of_a_vendor_that_is_taken_out_wait_are_shown_and_go_on_when_it_is_back(
    relay: Relay, played: str, garage: Control, city: Control
) -> None:
    both = tomllib.loads((relay.folder / "vendors.toml").read_text())["vendors"]
    assert relay.run("pause", "mall-garage").returncode == 0
    first = relay.start_worker("one")
    relay.start_beat()
    relay.publish("charge-record", *(record(number) for number in range(20)))
    until(lambda: city.counters()["accepted_items"] == 20, "the other vendor has them")
    relay.stop(first)

    relay.write_vendors({"city-platform": both["city-platform"]})
    second = relay.start_worker("two")
    relay.publish("charge-record", *(record(number) for number in range(20, 30)))
    until(lambda: city.counters()["accepted_items"] == 30, "the vendor that is left has all")
    lanes = json.loads(relay.run("lanes", "--json").stdout)
    (waiting,) = [lane for lane in lanes if lane["vendor"] == "mall-garage"]
    assert (waiting["pending"], waiting["configured"]) == (20, False)
    relay.stop(second)

    relay.write_vendors(both)
    assert relay.run("resume", "mall-garage").returncode == 0
    relay.start_worker("three")
    until(lambda: garage.counters()["accepted_items"] == 20, "what waited is told")
    relay.settle()
    assert relay.states("mall-garage") == {"accepted": 20}
