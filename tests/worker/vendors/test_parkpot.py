import json

import pytest
from pydantic import ValidationError

from tests.worker.vendors.scripted import Script, body, make
from worker.events import Event, Kind, parse
from worker.outcomes import OnUnclear
from worker.vendors.parkpot import ParkpotSettings

SETTINGS = {
    "base_url": "https://garage.example",
    "port_name": "acme",
    "park_id": "3302122004",
    "key": "k-004",
}
RECORD = {
    "orderNo": "A-1001",
    "startTime": "2024-05-01 09:00:00",
    "endTime": "2024-05-01T02:30:00Z",
    "stationId": "S-001",
    "connectorId": "D-7",
    "plateNo": "浙B12345",
    "power": 12.345,
    "elecMoney": "8.005",
    "totalMoney": 10,
}
NAMES = (
    "portName parkId orderNo plateNo startTime endTime stationId stationName deviceId deviceName "
    "spaceNo power elecMoney seviceMoney totalMoney sign"
)


def record(**changes: object) -> Event:
    return parse(Kind.CHARGE_RECORD, RECORD | changes)


def told(event: Event, **settings: object) -> dict[str, str]:
    fields = body(make("parkpot", SETTINGS | settings).request([event]))
    assert isinstance(fields, dict)
    return fields


def test_a_record_is_told_as_section_2_2_lists_it() -> None:
    fields = told(record())
    assert " ".join(fields) == NAMES
    # openssl dgst -md5 of these, in one line: deviceId=D-7&deviceName=D-7&elecMoney=8.01&
    # endTime=2024-05-01 10:30:00&orderNo=A-1001&parkId=3302122004&plateNo=浙B12345&
    # portName=acme&power=12.35&startTime=2024-05-01 09:00:00&stationId=S-001&
    # stationName=S-001&totalMoney=10.00&key=k-004
    assert fields["sign"] == "87D59CF4457D8F08BC60AF2CC22B79EC"


def test_every_value_is_a_string_and_what_is_missing_is_an_empty_one() -> None:
    fields = told(record(elecMoney=None, totalMoney=None, power=None))
    assert {type(value) for value in fields.values()} == {str}
    assert {name for name, value in fields.items() if not value} == {
        "spaceNo",
        "power",
        "elecMoney",
        "seviceMoney",
        "totalMoney",
    }


def test_times_are_those_of_shanghai() -> None:
    fields = told(record(startTime="2024-05-01T18:00:00-05:00"))
    assert (fields["startTime"], fields["endTime"]) == (
        "2024-05-02 07:00:00",
        "2024-05-01 10:30:00",
    )


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("2.675", "2.68"),
        ("0.1", "0.10"),
        (0, "0.00"),
        ("0.004", "0.00"),
        ("-0.004", "0.00"),
        ("123456789012", "123456789012.00"),
        (1e-7, "0.00"),
    ],
)
def test_amounts_have_two_decimals_rounded_half_up(amount: object, text: str) -> None:
    fields = told(record(power=amount, serviceMoney=amount))
    assert (fields["power"], fields["seviceMoney"]) == (text, text)


def test_names_that_are_missing_are_replaced_by_the_nearest_id() -> None:
    fields = told(record(deviceId="P-1", connectorId="C-1"))
    assert fields["stationName"] == "S-001"
    assert (fields["deviceId"], fields["deviceName"]) == ("P-1", "P-1")


def test_names_that_are_there_are_told() -> None:
    fields = told(record(stationName="东站", deviceName="3号桩", spaceNo="B-12"))
    assert [fields[n] for n in ("stationName", "deviceName", "spaceNo")] == [
        "东站",
        "3号桩",
        "B-12",
    ]


def test_blanks_are_sent_empty_so_that_every_receiver_leaves_them_out_of_the_sign() -> None:
    blank = record().model_copy(update={"space_no": " "})
    assert told(blank) == told(record())


@pytest.mark.parametrize(
    "settings",
    [
        {"base_url": "http://www.xxx.com"},
        {"base_url": "http://www.xxx.com/"},
        {"base_url": "http://www.xxx.com/parkpot-service/"},
        {"base_url": "http://www.xxx.com/parkpot-service", "path": "/chargePile/chargingRecord/"},
    ],
)
def test_both_spellings_of_the_base_url_lead_to_the_call(settings: dict[str, str]) -> None:
    request = make("parkpot", SETTINGS | settings).request([record()])
    assert request.method == "POST"
    assert request.url == "http://www.xxx.com/parkpot-service/chargePile/chargingRecord"


def test_a_record_without_a_plate_is_not_wanted() -> None:
    system = make("parkpot", SETTINGS)
    assert system.wants(record())
    assert not system.wants(record(plateNo=None))
    assert not system.wants(record(plateNo="  "))


def test_what_is_unclear_is_sent_again_unless_the_garage_forgets_orders() -> None:
    assert make("parkpot", SETTINGS).unclear_rule(Kind.CHARGE_RECORD) is OnUnclear.RESEND
    forgetful = make("parkpot", SETTINGS | {"on_unclear": "hold"})
    assert forgetful.unclear_rule(Kind.CHARGE_RECORD) is OnUnclear.HOLD


def test_nothing_is_signed_outside_the_body() -> None:
    assert make("parkpot", SETTINGS).auth(Script()) is None  # type: ignore[arg-type]


def test_an_empty_key_is_refused_at_the_start() -> None:
    with pytest.raises(ValidationError):
        ParkpotSettings(**(SETTINGS | {"key": ""}))


def test_the_body_is_plain_json_that_any_receiver_can_read() -> None:
    prepared = make("parkpot", SETTINGS).request([record()]).prepare()
    assert isinstance(prepared.body, bytes)
    assert json.loads(prepared.body.decode("ascii"))["plateNo"] == "浙B12345"
