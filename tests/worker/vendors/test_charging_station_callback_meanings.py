"""What the platform's calls bring: a failed report, a question, a warning."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from tests.worker.vendors.city import city, record, status
from worker.callback import About, Failure, Heard, Meaning, Refusal
from worker.events import Kind, SafetyWarning, parse
from worker.vendors.charging_station import payloads
from worker.vendors.charging_station.callbacks import CALLBACKS

NOW = datetime(2024, 5, 1, 2, 0, tzinfo=UTC)
HEARD = Heard(NOW, lambda _name, _subject: None)


def take(name: str, given: object) -> Meaning:
    callback = CALLBACKS[name]
    return callback.take(city(), callback.arguments.model_validate(given), HEARD)


def failure(body: object, **item: object) -> dict[str, Any]:
    """The example of 处理上报失败."""
    data = {
        "requestAPI": "/platform/report/chargingMetaInfo",
        "requestParam": None,
        "requestBody": body,
        "requestId": "R-1",
        "requestFailureCount": 1,
    }
    return {"status": 401, "message": "权限错误", "data": data | item}


def about(body: object, **item: object) -> About | None:
    meant = take("report-failure", failure(body, **item)).failure
    assert meant is not None
    return meant.about


def item(**changes: object) -> dict[str, Any]:
    """A status as it was reported, with the id that the platform has put into it."""
    told = payloads.item(status(), "395815801") | {"chargingMetaInfoId": "R-1"} | changes
    return dict(json.loads(json.dumps(told, default=float)))


def test_a_failure_says_what_failed_how_often_and_why() -> None:
    meaning = take("report-failure", failure(item(), requestFailureCount="2", requestId=77))
    assert (meaning.subject, meaning.events, meaning.once) == ("77", (), False)
    assert meaning.failure == Failure(
        request_id="77",
        failures=2,
        vendor_code="401",
        message="权限错误",
        api="/platform/report/chargingMetaInfo",
        about=About(Kind.CONNECTOR_STATUS, "C-1", status().occurred_at, 3),
    )


def test_of_a_list_that_failed_the_item_that_carries_the_id_is_meant() -> None:
    items = [item(cellId=f"C-{n}", chargingMetaInfoId=f"R-{n}") for n in range(12)]
    meant = about(items, requestId="R-7")
    assert meant is not None
    assert meant.connector_id == "C-7"
    numbers = [item(cellId=f"C-{n}", chargingMetaInfoId=n) for n in range(3)]
    meant = about(numbers, requestId=2)
    assert meant is not None
    assert meant.connector_id == "C-2"


def test_of_a_list_of_one_that_one_is_meant_and_of_more_without_the_id_none() -> None:
    assert about([item(chargingMetaInfoId=None)]) == about(item())
    assert about([item(chargingMetaInfoId=None)] * 2) is None


def test_a_record_that_failed_is_known_by_its_cell_and_end() -> None:
    told = payloads.item(record(), "395815801")
    body = json.loads(json.dumps(told, default=float))
    expected = About(Kind.CHARGE_RECORD, "C-1", record().occurred_at)
    assert about(body, requestAPI="/platform/management/chargingRecord") == expected
    assert about([body]) == expected


@pytest.mark.parametrize(
    "body",
    [
        None,
        "text",
        7,
        [],
        {},
        [None],
        [[]],
        item(cellId=None),
        item(cellId={"a": 1}),
        item(updateDatetime="soon"),
        item(updateDatetime=None),
        {"cellId": "C-1"},
        {"cellId": "C-1", "endDatetime": 5},
    ],
)
def test_a_failure_of_something_unusable_is_kept_without_knowing_what(body: object) -> None:
    assert about(body) is None


@pytest.mark.parametrize("told", ["charging", None, 3.5])
def test_a_status_that_is_no_number_does_not_hide_the_cell(told: object) -> None:
    meant = about(item(cellStatus=told))
    assert meant is not None
    assert (meant.connector_id, meant.status) == ("C-1", None)


@pytest.mark.parametrize(
    "changes",
    [
        {"requestId": ""},
        {"requestId": None},
        {"requestFailureCount": 0},
        {"requestFailureCount": 10**9},
        {"requestAPI": "x" * 513},
    ],
)
def test_a_failure_that_cannot_be_counted_or_named_is_not_taken(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        take("report-failure", failure(item(), **changes))


def wanted(**changes: object) -> dict[str, object]:
    given = {"operatorId": "395815801", "cellId": "C-1", "updateDatetime": "2024-05-01 09:00:00"}
    return given | changes


def test_a_past_sample_is_asked_for_by_cell_and_second() -> None:
    meaning = take("charging-meta-info", wanted())
    assert meaning.sample == About(Kind.CONNECTOR_STATUS, "C-1", status().occurred_at)
    assert (meaning.subject, meaning.failure, meaning.events) == ("C-1", None, ())


def test_a_past_sample_is_shown_as_it_was_reported_without_the_platforms_id() -> None:
    show = CALLBACKS["charging-meta-info"].show
    assert show is not None
    assert show(city(), status()) == payloads.item(status(), "395815801")
    assert show(city(), status())["chargingMetaInfoId"] is None  # type: ignore[index]


@pytest.mark.parametrize("name", ["operatorId", "cellId", "updateDatetime"])
def test_a_question_that_lacks_something_is_not_taken(name: str) -> None:
    given = wanted()
    del given[name]
    with pytest.raises(ValidationError) as caught:
        take("charging-meta-info", given)
    assert caught.value.errors()[0]["loc"] == (name,)


def risk(**changes: object) -> dict[str, object]:
    given = {
        "operatorId": "395815801",
        "cellId": "C-1",
        "riskLevel": "高风险",
        "riskReason": "烟雾",
        "platformDatetime": "2024-05-01 09:00:00",
    }
    return given | changes


def warned(**changes: object) -> SafetyWarning:
    """The warning as the intake reads it."""
    ((kind, given),) = take("cell-risk", risk(**changes)).events
    assert kind is Kind.SAFETY_WARNING
    event = parse(kind, given)
    assert isinstance(event, SafetyWarning)
    return event


@pytest.mark.parametrize(
    ("written", "level"),
    [
        ("高", "high"),
        ("高风险", "high"),
        ("中风险", "medium"),
        ("中", "medium"),
        ("低风险", "low"),
        ("低", "low"),
    ],
)
def test_a_risk_is_a_warning_of_that_vendor_about_that_cell(written: str, level: str) -> None:
    event = warned(riskLevel=written)
    assert (event.risk_level, event.risk_reason) == (level, "烟雾")
    assert (event.connector_id, event.vendor) == ("C-1", "vendor-1")
    assert event.seen_at == datetime(2024, 5, 1, 1, 0, tzinfo=UTC)
    assert (event.cleared, event.subject) == (False, event.warning_id)


def test_a_warning_that_the_vendor_raised_is_not_told_to_it() -> None:
    assert not city(None, risk_url="https://piles.example/risk").wants(warned())


def test_a_risk_is_the_same_warning_however_often_it_is_told() -> None:
    first, second = (take("cell-risk", risk()) for _ in range(2))
    assert first.subject == second.subject == warned().warning_id
    assert first.once
    assert warned().warning_id.startswith("vendor-1-C-1-")
    as_utc = warned(platformDatetime="2024-05-01T01:00:00Z")
    assert as_utc.identity == warned().identity


@pytest.mark.parametrize(
    "changes",
    [
        {"cellId": "C-2"},
        {"riskLevel": "中风险"},
        {"riskReason": "高温"},
        {"riskReason": ""},
        {"platformDatetime": "2024-05-01 09:00:01"},
    ],
)
def test_another_risk_is_another_warning(changes: dict[str, object]) -> None:
    assert warned(**changes).warning_id != warned().warning_id


@pytest.mark.parametrize("changes", [{"cellId": "C" * 128}, {"riskReason": "烟" * 4096}])
def test_a_risk_of_many_words_is_a_warning_all_the_same(changes: dict[str, object]) -> None:
    assert warned(**changes).warning_id != warned().warning_id


def test_two_cells_of_one_long_beginning_are_two_warnings() -> None:
    assert warned(cellId="C" * 127 + "1").identity != warned(cellId="C" * 127 + "2").identity


@pytest.mark.parametrize("level", ["", "high", "极高风险", "高风险!", None])
def test_a_risk_of_an_unknown_level_is_not_taken(level: str | None) -> None:
    with pytest.raises(ValidationError):
        take("cell-risk", risk(riskLevel=level))


@pytest.mark.parametrize(("name", "given"), [("cell-risk", risk()), ("charging-meta-info", None)])
def test_what_speaks_of_another_operator_is_refused(
    name: str, given: dict[str, object] | None
) -> None:
    with pytest.raises(Refusal) as caught:
        take(name, (given or wanted()) | {"operatorId": "999999999"})
    assert (caught.value.http_status, caught.value.reason[:7]) == (403, "运营商id有误")
