"""What is left of the calls that are refused: enough to see them, never enough to fill the disk."""

import base64
from datetime import timedelta

import pytest

from tests.worker.callbacks.platform_caller import Platform, failure, refused
from tests.worker.callbacks.served import called_by_platform
from tests.worker.callbacks.traces import left
from tests.worker.desk import Desk
from worker.journal import callback_tables as told

MOST_A_MINUTE = 60


@pytest.fixture
def desk(embedded_desk: Desk) -> Desk:
    return embedded_desk


def test_a_flood_of_refused_calls_leaves_sixty_rows_a_minute(
    desk: Desk, platform: Platform, caplog: pytest.LogCaptureFixture
) -> None:
    desk.now = desk.now.replace(second=0)
    for _ in range(200):
        refused(platform.post("report-failure", failure(), {}), 401)
        desk.now += timedelta(seconds=0.29)
    assert desk.now.second == 58
    assert len(left(desk)) == MOST_A_MINUTE
    lines = [line for line in caplog.messages if "refused: 401" in line]
    assert len(lines) == 200
    desk.forward(2)
    refused(platform.post("report-failure", failure(), {}), 401)
    assert len(left(desk)) == MOST_A_MINUTE + 1


def test_a_flood_keeps_nobody_from_being_taken(desk: Desk, platform: Platform) -> None:
    for _ in range(MOST_A_MINUTE + 5):
        refused(platform.post("report-failure", failure(), {}), 401)
    platform.fails("R-1")
    assert len(desk.all(told.failed_report)) == 1
    assert desk.all(told.callback)[-1].outcome == "taken"


def test_a_trace_keeps_no_secret_and_no_more_than_the_setting_says(desk: Desk) -> None:
    content = failure("R-1", token="hush-1", appSecret="hush-2")
    content["data"]["requestParam"] = {"Signature": "hush-3", "sign": "hush-4"}
    content["data"]["requestAPI"] = "https://us:hush-5@relay.example/x?access_token=hush-6"
    content["more"] = "充" * 1000
    with called_by_platform(desk, body_keep_bytes=900) as platform:
        refused(platform.post("report-failure", content, {}), 401)
        assert platform.post("report-failure", content).status_code == 200
        refused(platform.asks(token="hush-7", updateDatetime="never"), 400)
    bodies = [row.body for row in (*desk.all(told.callback), *desk.all(told.failed_report))]
    assert len(bodies) == 4
    for body in bodies:
        assert "hush" not in body
        assert "***" in body
        assert len(body.encode()) <= 900


def test_no_header_is_kept_or_logged(
    desk: Desk, platform: Platform, caplog: pytest.LogCaptureFixture
) -> None:
    headers = platform.headers(token="hush-token")
    platform.fails("R-1", headers=headers)
    refused(platform.post("report-failure", failure("R-1"), headers), 409)
    refused(platform.post("report-failure", failure(), headers | {"Token": "hush-2"}), 401)
    kept = str(desk.all(told.callback)) + caplog.text
    assert "hush" not in kept
    assert headers["Signature"] not in kept
    assert base64.b64decode(headers["Signature"]).hex() not in kept


def test_what_the_log_says_of_a_call_stands_in_one_line(
    platform: Platform, caplog: pytest.LogCaptureFixture
) -> None:
    answer = platform.call("POST", "city%0Aforged/x%0D2024-05-01 INFO all is well", {})
    assert answer.status_code == 404
    assert [line for line in caplog.messages if "\n" in line or "\r" in line] == []
    assert any(r"'city\nforged' 'x\r2024" in line for line in caplog.messages)
