import json
from decimal import Decimal

import pytest
from pydantic import ValidationError

from tests.worker.vendors.city import RISK_URL, SEQ, city, record, status, told, warning


def test_a_status_with_everything_is_told_field_by_field() -> None:
    full = {
        "doorStatus": 50,
        "errorCode": 2007,
        "current": "7.125",
        "voltage": 220.3,
        "power": "0.3049999",
        "quantity": "1.005",
        "envTemperature": -3,
        "cirTemperature": "41.5",
        "residualCurrent": "0.1",
        "startChargeSeq": SEQ,
    }
    assert told(status(**full)) == {
        "operatorId": "395815801",
        "cellId": "C-1",
        "equipmentId": "E-1",
        "chargingMetaInfoId": None,
        "updateDatetime": "2024-05-01 09:00:00",
        "cellStatus": 3,
        "doorStatus": 50,
        "errorCode": 2007,
        "current": 7.13,
        "voltage": 220.3,
        "power": 0.3,
        "quantity": 1.01,
        "envTemperature": -3,
        "cirTemperature": 41.5,
        "residualCurrent": 0.1,
        "startChargeSeq": SEQ,
    }


def test_what_a_status_lacks_has_a_neutral_value() -> None:
    item = told(status(equipmentId=None))
    assert item["equipmentId"] == "C-1"
    assert (item["doorStatus"], item["errorCode"]) == (0, 1000)
    measures = "current voltage power quantity envTemperature cirTemperature"
    assert [item[name] for name in measures.split()] == [0] * 6
    assert "residualCurrent" not in item
    assert "startChargeSeq" not in item


def test_a_fault_without_its_code_is_not_told_as_normal() -> None:
    assert told(status(status=255))["errorCode"] == 1004
    assert told(status(status=0))["errorCode"] == 1000


def test_a_record_with_everything_is_told_field_by_field() -> None:
    full = {
        "deviceId": "D-1",
        "power": "30.125",
        "elecMoney": 0.1,
        "serviceMoney": "0.2",
        "totalMoney": "0.3",
        "startType": 2,
        "stopReason": "9",
        "averagePower": 15,
        "startChargeSeq": "own-seq",
    }
    assert told(record(**full)) == {
        "operatorId": "395815801",
        "startChargeSeq": "own-seq",
        "cellId": "C-1",
        "startDatetime": "2024-05-01 09:00:00",
        "endDatetime": "2024-05-01 11:00:00",
        "totalPower": 30.13,
        "totalElecMoney": 0.1,
        "totalServiceMoney": 0.2,
        "startType": 2,
        "stopReason": 9,
        "averagePower": 15,
    }


def test_numbers_are_json_numbers_with_at_most_two_decimals() -> None:
    amounts = {"power": "999999999999.994", "elecMoney": "0.3"}
    prepared = city().request([record(**amounts)]).prepare()
    assert isinstance(prepared.body, bytes)
    told = json.loads(prepared.body, parse_float=Decimal)
    assert told["totalPower"] == Decimal("999999999999.99")
    assert told["totalElecMoney"] == Decimal("0.3")
    for name in ("totalPower", "totalElecMoney", "totalServiceMoney", "averagePower"):
        assert Decimal(told[name]) == round(Decimal(told[name]), 2)
    assert b"e+" not in prepared.body.lower()


def test_a_record_without_a_connector_names_its_device() -> None:
    assert told(record(connectorId=None, deviceId="D-1"))["cellId"] == "D-1"


def test_what_a_record_lacks_has_a_neutral_value() -> None:
    item = told(record())
    names = "totalPower totalElecMoney totalServiceMoney startType averagePower"
    assert [item[name] for name in names.split()] == [0] * 5
    assert item["stopReason"] == 8


@pytest.mark.parametrize(
    ("money", "elec", "service"),
    [
        ({"totalMoney": "10"}, 10, 0),
        ({"totalMoney": "10", "elecMoney": "7.5"}, 7.5, 2.5),
        ({"totalMoney": "10", "seviceMoney": "2.5"}, 7.5, 2.5),
        ({"totalMoney": "10", "elecMoney": "7", "serviceMoney": "2"}, 7, 2),
        ({"elecMoney": "7"}, 7, 0),
    ],
)
def test_a_missing_fee_is_what_the_total_leaves(
    money: dict[str, str], elec: float, service: float
) -> None:
    item = told(record(**money))
    assert (item["totalElecMoney"], item["totalServiceMoney"]) == (elec, service)


def test_a_missing_average_is_energy_over_time() -> None:
    assert told(record(power="15.01"))["averagePower"] == 7.51
    assert told(record(power=15, endTime="2024-05-01 09:00:00"))["averagePower"] == 0


@pytest.mark.parametrize("reason", ["用户停止", "25", "-1", "99999", "1.5", "²"])
def test_a_stop_reason_that_the_document_does_not_list_is_another_reason(reason: str) -> None:
    assert told(record(stopReason=reason))["stopReason"] == 8


def test_a_start_type_in_words_is_unknown() -> None:
    assert told(record(startType="app"))["startType"] == 0


@pytest.mark.parametrize(
    ("operator_id", "seq"),
    [
        # printf A-1001 | openssl dgst -sha256, taken as a number, ends in 783833104013
        ("395815801", "395815801" + "20240501090000" + "4013"),
        ("3958", "3958" + "20240501090000" + "833104013"),
        ("3958158011", "3958158011" + "0240501090000" + "4013"),
        ("39581580112345678901", "39581580112345678901" + "000" + "4013"),
    ],
)
def test_a_missing_seq_is_derived_and_has_27_characters(operator_id: str, seq: str) -> None:
    assert told(record(), operator_id=operator_id)["startChargeSeq"] == seq
    assert len(seq) == 27


def test_the_same_order_has_the_same_seq_and_another_order_another() -> None:
    again = record(startTime="2024-05-01T01:00:00Z", power=3)
    assert told(again)["startChargeSeq"] == told(record())["startChargeSeq"]
    other = record(orderNo="A-1002")
    assert told(other)["startChargeSeq"] != told(record())["startChargeSeq"]


def test_an_operator_id_that_leaves_no_room_is_refused_at_the_start() -> None:
    for operator_id in ("", "3" * 21, "运营商", "two words"):
        with pytest.raises(ValidationError):
            city(operator_id=operator_id)


@pytest.mark.parametrize(
    ("level", "word"), [("high", "高风险"), ("中", "中风险"), ("低风险", "低风险")]
)
def test_a_warning_is_told_in_the_documents_words(level: str, word: str) -> None:
    assert told(warning(riskLevel=level), risk_url=RISK_URL) == {
        "operatorId": "395815801",
        "cellId": "C-1",
        "riskLevel": word,
        "riskReason": "烟雾",
        "platformDatetime": "2024-05-01 09:00:00",
    }


def test_a_warning_may_name_equipment_and_no_reason() -> None:
    bare = warning(connectorId=None, equipmentId="E-1", riskReason=None)
    item = told(bare, risk_url=RISK_URL)
    assert (item["cellId"], item["riskReason"]) == ("E-1", "未说明")
