"""Calls that are not the platform's, or not of now: refused in its shape, and seen."""

import gzip
import json

import pytest

from tests.worker.callbacks.platform_caller import OPERATOR_ID, Platform, failure, refused, risk
from tests.worker.callbacks.served import called_by_platform
from tests.worker.callbacks.traces import left, only_one
from tests.worker.desk import Desk
from worker.journal import callback_tables as told


@pytest.fixture
def desk(embedded_desk: Desk) -> Desk:
    return embedded_desk


def test_a_signature_with_another_secret_is_refused(desk: Desk, platform: Platform) -> None:
    forged = platform.headers(secret="another-secret")
    assert "签名有误" in refused(platform.post("report-failure", failure(), forged), 401)
    trace = only_one(desk, 401)
    assert (trace.vendor, trace.name) == ("city", "report-failure")
    assert "签名有误" in trace.reason
    assert json.loads(trace.body) == failure()


@pytest.mark.parametrize("header", ["Datetime", "OperatorId", "Token", "Signature"])
def test_a_header_that_was_changed_or_is_missing_is_refused(
    desk: Desk, platform: Platform, header: str
) -> None:
    changed = {
        "Datetime": platform.headers(away_s=1)["Datetime"],
        "OperatorId": "395815802",
        "Token": "another",
        "Signature": platform.headers(away_s=1)["Signature"],
    }
    good = platform.headers()
    refused(platform.post("cell-risk", risk(), good | {header: changed[header]}), 401)
    without = {name: value for name, value in good.items() if name != header}
    refused(platform.post("cell-risk", risk(), without), 401)
    refused(platform.post("cell-risk", risk(), good | {header: ""}), 401)
    assert [trace.http_status for trace in left(desk)] == [401] * 3


def test_an_unsigned_call_is_refused(desk: Desk, platform: Platform) -> None:
    refused(platform.post("report-failure", failure(), {}), 401)
    refused(platform.call("GET", "city/charging-meta-info", {}), 401)
    assert [trace.name for trace in left(desk)] == ["report-failure", "charging-meta-info"]


def test_a_call_for_another_operator_is_refused_though_its_signature_is_right(
    desk: Desk, platform: Platform
) -> None:
    of_another = platform.headers(operator_id="395815802")
    assert "运营商id有误" in refused(platform.post("cell-risk", risk(), of_another), 401)
    named_another = risk(operatorId="395815802")
    assert "运营商id有误" in refused(platform.post("cell-risk", named_another), 403)
    assert "运营商id有误" in refused(platform.asks(operatorId="395815802"), 403)
    assert [trace.http_status for trace in left(desk)] == [401, 403, 403]


@pytest.mark.parametrize("away_s", [-301, 301, -86_400, 86_400])
def test_a_call_of_more_than_five_minutes_ago_or_ahead_is_refused(
    desk: Desk, platform: Platform, away_s: float
) -> None:
    late = platform.headers(away_s)
    assert "Datetime超时" in refused(platform.post("report-failure", failure(), late), 401)
    assert "from our clock" in only_one(desk, 401).reason


@pytest.mark.parametrize("away_s", [-299, -300, 299, 300])
def test_a_call_within_five_minutes_is_taken(desk: Desk, platform: Platform, away_s: float) -> None:
    platform.fails(headers=platform.headers(away_s))
    assert [row.http_status for row in desk.all(told.callback)] == [200]


def test_how_far_the_clocks_may_be_apart_is_a_setting(desk: Desk) -> None:
    with called_by_platform(desk, callback_clock_s=20) as platform:
        refused(platform.post("report-failure", failure(), platform.headers(-21)), 401)
        platform.fails(headers=platform.headers(-20))


def test_unknown_vendors_and_callbacks_are_not_found(desk: Desk, platform: Platform) -> None:
    answer = platform.call("POST", "nobody/report-failure", data=b"{}")
    assert answer.status_code == 404
    assert answer.json() == {"status": 404, "message": "no vendor of that name calls here"}
    message = refused(platform.call("POST", "city/start-power", data=b"{}"), 404)
    assert message.endswith("there are report-failure, charging-meta-info, cell-risk")
    refused(platform.call("POST", "city/report-failure/", data=b"{}"), 404)
    refused(platform.call("POST", "city/", data=b"{}"), 404)
    seen = [(trace.vendor, trace.name, trace.http_status) for trace in left(desk)]
    assert seen == [
        ("nobody", "report-failure", 404),
        ("city", "start-power", 404),
        ("city", "", 404),
        ("city", "", 404),
    ]


def test_a_name_as_long_as_a_url_may_be_is_not_found_and_cut(
    desk: Desk, platform: Platform
) -> None:
    assert platform.call("GET", f"{'v' * 9000}/{'n' * 9000}").status_code == 404
    trace = only_one(desk, 404)
    assert (len(trace.vendor), len(trace.name)) == (64, 64)


def test_another_method_is_refused(desk: Desk, platform: Platform) -> None:
    for method in ("GET", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"):
        assert "POST" in refused(platform.call(method, "city/report-failure", data=b"{}"), 405)
    assert platform.call("HEAD", "city/charging-meta-info").status_code == 405
    assert [trace.http_status for trace in left(desk)] == [405] * 7


def test_another_content_type_is_refused(desk: Desk, platform: Platform) -> None:
    others = ["", "text/plain", "application/x-www-form-urlencoded", "application/json2", "json"]
    for other in others:
        headers = platform.headers() | {"Content-Type": other}
        answer = platform.post("report-failure", failure(), headers)
        assert "application/json" in refused(answer, 415)
    assert [trace.http_status for trace in left(desk)] == [415] * 5


def test_a_content_type_may_name_its_charset_and_be_written_in_capitals(
    desk: Desk, platform: Platform
) -> None:
    for kind in ("application/json;charset=UTF-8", "Application/JSON ; charset=utf-8"):
        platform.fails(headers=platform.headers() | {"Content-Type": kind})


def test_an_encoded_body_is_refused(desk: Desk, platform: Platform) -> None:
    headers = platform.headers() | {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    packed = gzip.compress(json.dumps(failure()).encode())
    refused(platform.call("POST", "city/report-failure", headers, data=packed), 415)
    assert only_one(desk, 415)


def test_what_an_argument_may_not_be_is_refused_by_its_name(desk: Desk, platform: Platform) -> None:
    wrong = [
        ("cellId", ""),
        ("cellId", {"a": 1}),
        ("cellId", "C\n1"),
        ("riskLevel", "很高"),
        ("riskLevel", None),
        ("riskReason", "x" * 4097),
        ("platformDatetime", "2024-05-01"),
        ("platformDatetime", "1970-01-01 00:00:00"),
    ]
    for name, value in wrong:
        assert name in refused(platform.post("cell-risk", risk(**{name: value})), 400)
    assert [trace.reason.partition(":")[0] for trace in left(desk)] == [name for name, _ in wrong]


def test_every_missing_argument_is_named(desk: Desk, platform: Platform) -> None:
    message = refused(platform.post("report-failure", {"status": 1, "data": {}}), 400)
    for field in ("message", "data.requestAPI", "data.requestBody", "data.requestId"):
        assert f"{field}: Field required" in message
    refused(platform.call("GET", "city/charging-meta-info"), 400)
    refused(platform.asks(updateDatetime="yesterday"), 400)
    assert len(left(desk)) == 3


def test_a_refused_call_can_be_made_again_rightly(desk: Desk, platform: Platform) -> None:
    """What was refused has used up nothing, not even its signature."""
    headers = platform.headers()
    refused(platform.post("cell-risk", risk(riskLevel="?"), headers), 400)
    platform.warns(headers)
    assert len(desk.all(told.callback_event)) == 1
    assert json.loads(desk.all(told.callback_event)[0].body)["operatorId"] == OPERATOR_ID
