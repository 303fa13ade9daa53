"""What the platform could not process: one failed report, however often it is told."""

import json
from typing import Any

import pytest

from tests.worker.callbacks.platform_caller import Platform, failure, refused
from tests.worker.desk import STATUS, Desk, attempt
from tests.worker.given import status
from worker.journal import callback_tables as told
from worker.outcomes import Accepted


def failed(desk: Desk) -> list[tuple[Any, ...]]:
    """Whose, which time, and how often we were told of it again."""
    rows = desk.all(told.failed_report)
    return [(row.request_id, row.failures, row.repeats) for row in rows]


def fates(desk: Desk) -> list[tuple[str, int]]:
    """What became of each call, in the order in which they were written."""
    return [(row.outcome, row.http_status) for row in desk.all(told.callback)]


@pytest.fixture
def reported(desk: Desk) -> int:
    """The report of C-1 at eleven and one second, which the platform accepted."""
    desk.accept(status("C-1", 1), status("C-2", 1))
    claims = [claim for claim in desk.claim(STATUS) if "C-1" in claim.subject]
    desk.settle(claims, Accepted(), attempt(claims[0].report_id, outcome=Accepted()))
    return claims[0].report_id


def test_a_failure_is_kept_and_matched_to_the_report_and_the_attempt_it_came_from(
    desk: Desk, platform: Platform, reported: int
) -> None:
    assert platform.fails("R-1")["data"] is None
    [row] = desk.all(told.failed_report)
    assert (row.vendor, row.request_id, row.failures, row.repeats) == ("city", "R-1", 1, 0)
    assert (row.state, row.report_id, row.attempt_id) == ("waiting", reported, 1)
    assert (row.vendor_code, row.message) == ("401", "权限错误")
    assert row.api == "/platform/report/chargingMetaInfo"
    assert '"chargingMetaInfoId": "R-1"' in row.body
    assert row.received_at == desk.now
    assert fates(desk) == [("taken", 200)]


def test_a_failure_of_what_we_never_reported_is_kept_unmatched(
    desk: Desk, platform: Platform, reported: int
) -> None:
    platform.fails("R-1", cellId="C-9")
    [row] = desk.all(told.failed_report)
    assert (row.state, row.report_id, row.attempt_id) == ("unmatched", None, None)


def test_a_failure_told_twice_is_one_failed_report_and_the_next_failure_is_another(
    desk: Desk, platform: Platform, reported: int
) -> None:
    platform.fails("R-1")
    desk.forward(30)
    platform.fails("R-1")
    assert failed(desk) == [("R-1", 1, 1)]
    platform.fails("R-1", count=2)
    platform.fails("R-2")
    assert failed(desk) == [("R-1", 1, 1), ("R-1", 2, 0), ("R-2", 1, 0)]
    assert fates(desk) == [("taken", 200)] * 4


def test_the_very_same_call_is_taken_once(desk: Desk, platform: Platform, reported: int) -> None:
    headers = platform.headers()
    platform.fails("R-1", headers=headers)
    for _ in range(2):
        answer = platform.post("report-failure", failure("R-1"), headers)
        assert "taken before" in refused(answer, 409)
    assert failed(desk) == [("R-1", 1, 0)]
    assert fates(desk) == [("taken", 200), ("repeated", 409), ("repeated", 409)]


def test_the_very_same_call_is_refused_for_as_long_as_its_signature_holds(
    desk: Desk, platform: Platform, reported: int
) -> None:
    headers = platform.headers(away_s=299)
    platform.fails("R-1", headers=headers)
    desk.forward(2 * 299)
    refused(platform.post("report-failure", failure("R-1"), headers), 409)
    desk.forward(2)
    refused(platform.post("report-failure", failure("R-1"), headers), 401)
    assert failed(desk) == [("R-1", 1, 0)]


def test_the_very_same_call_is_known_however_it_is_written(
    desk: Desk, platform: Platform, reported: int
) -> None:
    """Who has seen a signature must not call again by writing the same in another way."""
    headers = platform.headers()
    platform.fails("R-1", headers=headers)
    sent = headers | {"Content-Type": "application/json"}
    mirrored = dict(reversed(failure("R-1").items()))
    for path, content in [
        ("city/report-failure?x=1", failure("R-1")),
        ("city/else/report-failure", failure("R-1")),
        ("city/report-failure", mirrored),
    ]:
        data = json.dumps(content, indent=4).encode()
        refused(platform.call("POST", path, sent, data=data), 409)
    assert failed(desk) == [("R-1", 1, 0)]


def test_two_calls_of_one_second_share_their_headers_and_are_both_taken(
    desk: Desk, platform: Platform, reported: int
) -> None:
    """The signature covers neither body nor query, and its time has seconds only."""
    headers = platform.headers()
    platform.fails("R-1", headers=headers)
    platform.fails("R-2", headers=headers)
    assert failed(desk) == [("R-1", 1, 0), ("R-2", 1, 0)]


def test_of_twenty_very_same_calls_at_one_moment_one_is_taken(
    desk: Desk, platform: Platform, reported: int
) -> None:
    answers = platform.at_once("report-failure", failure("R-1"), [platform.headers()] * 20)
    assert answers == [200] + [409] * 19
    assert failed(desk) == [("R-1", 1, 0)]
    assert sorted(fates(desk)) == [("repeated", 409)] * 19 + [("taken", 200)]


def test_twenty_newly_signed_calls_of_one_failure_at_one_moment_are_one_failed_report(
    desk: Desk, platform: Platform, reported: int
) -> None:
    headers = [platform.headers() for _ in range(20)]
    assert platform.at_once("report-failure", failure("R-1"), headers) == [200] * 20
    assert failed(desk) == [("R-1", 1, 19)]
    assert fates(desk) == [("taken", 200)] * 20


def test_of_a_list_that_failed_the_item_that_carries_the_id_is_meant(
    desk: Desk, platform: Platform, reported: int
) -> None:
    content = failure("R-1")
    own = content["data"]["requestBody"]
    content["data"]["requestBody"] = [own | {"cellId": "C-2", "chargingMetaInfoId": "R-2"}, own]
    assert platform.post("report-failure", content).status_code == 200
    assert [row.report_id for row in desk.all(told.failed_report)] == [reported]
