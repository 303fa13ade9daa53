from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tests.worker.given import GIVEN, event
from worker.events import Event, Kind, parse
from worker.fields import parse_moment
from worker.wire import NotAnEvent, read_json

STATUS, RECORD, WARNING = Kind.CONNECTOR_STATUS, Kind.CHARGE_RECORD, Kind.SAFETY_WARNING


def status(**changes: object) -> Event:
    return event(STATUS, **changes)


def record(**changes: object) -> Event:
    return event(RECORD, **changes)


def warning(**changes: object) -> Event:
    return event(WARNING, **changes)


def fault(kind: Kind, **changes: object) -> str:
    with pytest.raises(NotAnEvent) as caught:
        event(kind, **changes)
    return str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "2024-05-01 09:30:00",
        " 2024-05-01 09:30:00 ",
        "2024-05-01T01:30:00Z",
        "2024-05-01t01:30:00z",
        "2024-05-01 01:30:00+00:00",
        "2024-05-01T09:30:00+08:00",
        "2024-04-30T20:30:00.000-05:00",
    ],
)
def test_a_time_without_an_offset_is_shanghais_and_all_become_utc(text: str) -> None:
    moment = parse_moment(text)
    assert moment == datetime(2024, 5, 1, 1, 30, tzinfo=UTC)
    assert moment.tzinfo is UTC


@pytest.mark.parametrize(
    "value",
    [
        "2024-05-01T09:30:00",
        "2024-05-01",
        "2024-05-01 24:00:00",
        "2024-02-30 00:00:00",
        "2024-05-01T00:00:00+99:00",
        "２０２４-05-01 00:00:00",
        "1999-12-31 23:59:59",
        "2100-01-01T00:00:00Z",
        "0001-01-01T00:00:00+08:00",
        "9999-12-31T23:59:59-08:00",
        "soon",
        1714521600,
        True,
        [],
    ],
)
def test_what_is_no_time_of_our_century_is_refused_under_its_fields_name(value: object) -> None:
    assert fault(STATUS, updateTime=value).startswith("updateTime: ")


def test_a_time_that_the_program_gives_needs_an_offset() -> None:
    with pytest.raises(ValueError, match="offset"):
        parse_moment(datetime(2024, 5, 1))


@pytest.mark.parametrize(("given", "kept"), [(7, "7"), (" x ", "x"), ("a/b", "a/b"), (0, "0")])
def test_an_id_is_text_and_may_be_given_as_a_number(given: object, kept: str) -> None:
    assert record(orderNo=given).identity == kept


@pytest.mark.parametrize(
    "given", [True, Decimal("1.5"), "a\x00b", "a\nb", "\x7f", "\ud800", "  ", "x" * 129, [1], {}]
)
def test_what_cannot_be_an_id_is_refused_under_its_fields_name(given: object) -> None:
    assert fault(RECORD, orderNo=given).startswith("orderNo: ")


@pytest.mark.parametrize("given", [12.3, "12.3", "12.30", " 12.3 ", Decimal("12.300")])
def test_an_amount_is_an_exact_decimal_however_it_is_given(given: object) -> None:
    assert getattr(record(totalMoney=given), "total_money") == Decimal("12.3")  # noqa: B009


@pytest.mark.parametrize(
    "given", [1e-9, "1e-9", Decimal("0.000000001"), -1e-300, 0.1 + 0.2 - 0.3, "-0.000000001"]
)
def test_what_adding_floats_leaves_of_zero_is_zero(given: object) -> None:
    assert getattr(record(totalMoney=given), "total_money") == 0  # noqa: B009


@pytest.mark.parametrize(
    "given", ["NaN", "Infinity", "1e999999", Decimal("1E+999999"), True, "12,3", "1" * 21, []]
)
def test_what_is_no_amount_is_refused_under_its_fields_name(given: object) -> None:
    assert fault(RECORD, totalMoney=given).startswith("totalMoney: ")


def test_the_misspelt_service_money_of_document_004_is_accepted() -> None:
    misspelt = record(seviceMoney="1.50")
    assert getattr(misspelt, "service_money") == Decimal("1.5")  # noqa: B009
    assert misspelt.content_hash() == record(serviceMoney=1.5).content_hash()


@pytest.mark.parametrize("empty", [None, ""])
def test_an_empty_field_is_an_absent_one(empty: object) -> None:
    assert record(plateNo=empty).content_hash() == record().content_hash()
    assert fault(RECORD, orderNo=empty) == "orderNo: Field required"


def test_unknown_fields_are_kept() -> None:
    kept = record(gunTemperature=[{"t": 1}])
    assert kept.model_extra == {"gunTemperature": [{"t": 1}]}


@pytest.mark.parametrize(
    "same",
    [
        {"totalMoney": 12.3},
        {"totalMoney": "12.300"},
        {"endTime": "2024-05-01 19:00:00"},
        {"connectorId": " C-1 "},
    ],
)
def test_the_content_hash_does_not_see_how_a_value_is_written(same: dict[str, object]) -> None:
    assert record(**same).content_hash() == record().content_hash()


@pytest.mark.parametrize(
    "other", [{"totalMoney": "12.31"}, {"note": "x"}, {"plateNo": "沪A12345"}, {"connectorId": "C"}]
)
def test_the_content_hash_sees_every_other_value(other: dict[str, object]) -> None:
    assert record(**other).content_hash() != record().content_hash()


def test_the_content_hash_compares_unknown_numbers_by_value_too() -> None:
    read = [read_json(text) for text in ("1", "1.0", "1.00")]
    assert len({record(unknown=value).content_hash() for value in read}) == 1


@pytest.mark.parametrize("number", ["1e999999999", "-1e-999999999", "1e99999"])
def test_any_number_of_an_unknown_field_has_a_content_hash(number: str) -> None:
    """The intake computes it within its transaction; an error there would hold the queue."""
    assert len(record(unknown=read_json(number)).content_hash()) == 64


def test_a_status_is_identified_by_operator_connector_time_and_status() -> None:
    changes = ({"operatorId": "o"}, {"connectorId": "c"}, {"status": 1}, {"updateTime": _later()})
    assert len({status(**c).identity for c in changes} | {status().identity}) == 5
    assert status(voltage=220, stationId="S-2").identity == status().identity


def test_ids_with_a_slash_never_read_as_another_pair() -> None:
    one = status(operatorId="a/b", connectorId="c")
    other = status(operatorId="a", connectorId="b/c")
    third = status(operatorId="a%2Fb", connectorId="c")
    assert len({e.identity for e in (one, other, third)}) == 3
    assert len({e.subject for e in (one, other, third)}) == 3


def test_an_all_clear_is_an_event_of_its_own_about_the_same_warning() -> None:
    assert warning(cleared=True).identity != warning().identity
    assert warning(cleared=True).subject == warning().subject
    assert warning(warningId="W-1/cleared").identity != warning(cleared=True).identity


@pytest.mark.parametrize(
    ("given", "level"),
    [("高", "high"), ("中风险", "medium"), (" 低 ", "low"), ("HIGH", "high"), ("low", "low")],
)
def test_a_risk_level_is_read_in_chinese_too(given: str, level: str) -> None:
    assert getattr(warning(riskLevel=given), "risk_level") == level  # noqa: B009


@pytest.mark.parametrize("given", ["严重", 1, True, None])
def test_an_unknown_risk_level_is_refused(given: object) -> None:
    assert fault(WARNING, riskLevel=given).startswith("riskLevel: ")


@pytest.mark.parametrize("given", [3, "3", " 3 ", "003"])
def test_a_status_is_a_number_however_it_is_written(given: object) -> None:
    assert getattr(status(status=given), "status") == 3  # noqa: B009


@pytest.mark.parametrize("given", [7, -1, "x", "٣", 3.5, [], True, False])
def test_an_unknown_status_is_refused(given: object) -> None:
    assert fault(STATUS, status=given).startswith("status: ")


def test_every_field_at_fault_is_named_in_one_sentence() -> None:
    message = fault(RECORD, orderNo=None, endTime="soon", totalMoney=True)
    assert "orderNo: Field required" in message
    assert "endTime: expected yyyy-MM-dd HH:mm:ss" in message
    assert "totalMoney: expected a number" in message
    assert "\n" not in message


def test_a_record_needs_a_connector_or_a_device() -> None:
    assert fault(RECORD, connectorId=None) == "connectorId or deviceId is required"
    assert record(connectorId=None, deviceId="D-1").subject == "A-1"


@pytest.mark.parametrize("given", [None, 1, "x", [], [GIVEN[RECORD]]])
def test_what_is_no_object_is_no_event(given: object) -> None:
    with pytest.raises(NotAnEvent, match="expected a JSON object"):
        parse(RECORD, given)


def test_an_event_happened_when_its_own_field_says() -> None:
    eleven = datetime(2024, 5, 1, 11, tzinfo=UTC)
    assert [e.occurred_at for e in (status(), record(), warning())] == [eleven] * 3


def _later() -> str:
    return "2024-05-01T11:00:00.001Z"
