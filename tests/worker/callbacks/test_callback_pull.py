"""The pull of a past sample by cell and time: the item as it was reported, from the journal."""

import json

from tests.worker.callbacks.platform_caller import Platform, read, refused
from tests.worker.desk import STATUS, Desk
from tests.worker.given import record, status
from tests.worker.vendors.city import city
from worker.journal import callback_tables as told

MEASURED = {"voltage": "220.1", "current": 16, "power": "3.526", "quantity": 1, "doorStatus": 10}


def reported(desk: Desk) -> dict[str, object]:
    """What the city is sent of the statuses that are due, by the connector it names."""
    events = [claim.event for claim in desk.claim(STATUS)]
    body = city().request(events).prepare().body
    assert body is not None
    items = json.loads(body)
    return {item["cellId"]: item for item in (items if isinstance(items, list) else [items])}


def test_a_past_sample_is_answered_exactly_as_it_was_reported(
    desk: Desk, platform: Platform
) -> None:
    desk.accept(status("C-1", 1, **MEASURED), status("C-2", 1))
    sent = reported(desk)
    assert read(platform.asks())["data"] == sent["C-1"]
    assert read(platform.asks(cellId="C-2"))["data"] == sent["C-2"]
    assert read(platform.asks(updateDatetime="2024-05-01T11:00:01Z"))["data"] == sent["C-1"]
    assert '"power":3.53,' in platform.asks().text
    assert [row.outcome for row in desk.all(told.callback)] == ["taken"] * 4


def test_a_sample_that_a_newer_one_has_overtaken_is_answered_too(
    desk: Desk, platform: Platform
) -> None:
    desk.accept(status("C-1", 1, voltage=219))
    desk.accept(status("C-1", 2, voltage=221))
    data = read(platform.asks())["data"]
    assert (data["updateDatetime"], data["voltage"]) == ("2024-05-01 19:00:01", 219)
    data = read(platform.asks(updateDatetime="2024-05-01 19:00:02"))["data"]
    assert (data["updateDatetime"], data["voltage"]) == ("2024-05-01 19:00:02", 221)


def test_a_sample_within_the_second_is_found(desk: Desk, platform: Platform) -> None:
    desk.accept(status("C-1", updateTime="2024-05-01T11:00:01.999Z"))
    assert read(platform.asks())["data"]["cellId"] == "C-1"


def test_a_sample_that_nobody_knows_is_not_found(desk: Desk, platform: Platform) -> None:
    desk.accept(status("C-1", 1))
    for unknown in (
        {"cellId": "C-2"},
        {"updateDatetime": "2024-05-01 19:00:00"},
        {"updateDatetime": "2024-05-01 19:00:02"},
        {"updateDatetime": "2024-05-01 11:00:01"},
    ):
        assert "nothing is known" in refused(platform.asks(**unknown), 404)
    assert {row.subject for row in desk.all(told.callback)} <= {"C-1", "C-2", None}


def test_a_sample_that_another_vendor_is_told_is_not_shown(desk: Desk, platform: Platform) -> None:
    desk.route = lambda _: ["another"]
    desk.accept(status("C-1", 1))
    refused(platform.asks(), 404)
    desk.route = lambda _: ["another", "city"]
    desk.accept(status("C-1", 3))
    assert read(platform.asks(updateDatetime="2024-05-01 19:00:03"))["data"]["cellId"] == "C-1"


def test_a_charge_record_of_that_time_is_no_sample(desk: Desk, platform: Platform) -> None:
    desk.accept(record(1, connectorId="C-1", endTime="2024-05-01T11:00:01Z"))
    refused(platform.asks(), 404)


def test_the_very_same_pull_is_answered_once(desk: Desk, platform: Platform) -> None:
    desk.accept(status("C-1", 1))
    headers = platform.headers()
    path = "city/charging-meta-info?operatorId=395815801&cellId=C-1"
    path += "&updateDatetime=2024-05-01%2019:00:01"
    read(platform.call("GET", path, headers))
    refused(platform.call("GET", path, headers), 409)
    read(platform.call("GET", path))
