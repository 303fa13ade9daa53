"""Flower shows what goes on to whom it knows; nobody changes anything unless it is told so."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from flower import urls
from tornado.web import RequestHandler

from tests.journey.conftest import CITY, GARAGE
from tests.journey.relay import CELERY, Relay, record, until
from tests.journey.test_first_run import free_port
from tests.sandbox.callers import Control
from worker.app import app

LOGIN = ("looker", "HIDDEN")
NODE = "one@test"
PAGES = ("/", "/tasks", "/broker", "/api/workers", "/api/tasks", f"/worker/{NODE}")
PLATE = "沪A12345"
Flower = Callable[..., str]


@pytest.fixture
def relay(
    tmp_path: Path, valkey_url: str, sqlite_url: str, played: str, garage: Control, city: Control
) -> Iterator[Relay]:
    vendors = {
        "mall-garage": {**GARAGE, "base_url": f"{played}/mall-garage"},
        "city-platform": {**CITY, "base_url": f"{played}/city-platform"},
    }
    relay = Relay(tmp_path, valkey_url, sqlite_url, vendors)
    yield relay
    relay.close()


@pytest.fixture
def flower(relay: Relay) -> Flower:
    """Starts Flower; returns its address."""

    def start(**environment: str) -> str:
        port = free_port()
        relay.start(*CELERY, "flower", f"--port={port}", log="flower", **environment)
        address = f"http://127.0.0.1:{port}"
        until(lambda: _well(address), "Flower answers")
        return address

    return start


def _well(address: str) -> bool:
    try:
        return requests.get(f"{address}/healthcheck", timeout=5).ok
    except requests.ConnectionError:
        return False


def changing() -> list[str]:
    """The paths of Flower's API that take a POST, as its own table has them."""
    found = []
    for pattern, handler, *_ in (rule for rule in urls.handlers if isinstance(rule, tuple)):
        if pattern.startswith("/api/") and handler.post is not RequestHandler.post:
            ending = NODE if "/worker/" in pattern else "tasks.replay.sweep"
            found.append(pattern.replace("(.+)", ending))
    return found


def test_who_has_a_login_looks_and_nobody_changes_anything(relay: Relay, flower: Flower) -> None:
    relay.run("migrate")
    worker = relay.start_worker()
    address = flower(RELAY_FLOWER_LOGIN=":".join(LOGIN))
    for page in PAGES:
        assert requests.get(address + page).status_code == 401, page
    until(
        lambda: NODE in requests.get(f"{address}/api/workers?refresh=1", auth=LOGIN).json(),
        "Flower knows the worker",
    )
    for page in PAGES:
        assert requests.get(address + page, auth=LOGIN).status_code == 200, page

    paths = changing()
    assert f"/api/worker/shutdown/{NODE}" in paths
    assert len(paths) > 12
    for path in paths:
        assert requests.post(address + path, auth=LOGIN).status_code == 403, path
        assert requests.post(address + path).status_code == 401, path
    relay.publish("charge-record", record(1))
    relay.settle()
    assert worker.poll() is None


def test_who_says_so_may_stop_a_worker(relay: Relay, flower: Flower) -> None:
    relay.run("migrate")
    worker = relay.start_worker()
    address = flower(RELAY_FLOWER_LOGIN=":".join(LOGIN), FLOWER_READ_ONLY="false")
    until(
        lambda: NODE in requests.get(f"{address}/api/workers?refresh=1", auth=LOGIN).json(),
        "Flower knows the worker",
    )
    assert requests.post(f"{address}/api/worker/shutdown/{NODE}", auth=LOGIN).ok
    assert worker.wait(60) == 0


def test_a_lane_at_work_has_the_name_of_its_vendor_and_kind_and_arguments_are_masked(
    relay: Relay, flower: Flower, valkey_url: str
) -> None:
    relay.run("migrate")
    address = flower(RELAY_FLOWER_LOGIN=":".join(LOGIN))
    relay.start_worker("one", "-E")
    relay.start_beat()
    relay.publish("charge-record", record(1))
    with app.connection_for_write(valkey_url) as connection:
        app.send_task(
            "tasks.deliver", [PLATE, "charge-record"], queue="relay.deliver", connection=connection
        )

    def shown() -> dict[str, dict[str, Any]]:
        tasks = requests.get(f"{address}/api/tasks", auth=LOGIN).json().values()
        return {task["name"]: task for task in tasks if task["state"] in ("SUCCESS", "FAILURE")}

    lane = "deliver: city-platform charge-record"
    until(lambda: {lane, "tasks.deliver", "tasks.replay.sweep"} <= shown().keys(), "all are shown")
    tasks = shown()
    assert tasks[lane]["args"] == "['city-platform', 'charge-record']"
    assert tasks["tasks.replay.sweep"]["args"] == "()"
    assert tasks["tasks.deliver"]["args"] == "['沪A***45', 'charge-record']"
    assert "12345" not in repr(tasks)
    assert requests.get(f"{address}/tasks", auth=LOGIN).ok
