import base64
import hashlib
import hmac
import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from pydantic import ValidationError

from tests.worker.vendors.city import BASE, RISK_URL, city, minus, record, status, success, told
from tests.worker.vendors.scripted import Script, answer
from worker.exchange import Answer
from worker.operation import Reply
from worker.outcomes import Accepted, Refused, TryLater, Unclear
from worker.vendors.charging_station.operations import OPERATIONS

CELL = {
    "cellId": "95",
    "equipmentId": "37",
    "operatorId": "99",
    "cellType": 5,
    "cellStandard": "GB/T 20234.2",
    "ratedVoltageUpperLimit": 29,
    "ratedVoltageLowerLimit": 19,
    "ratedCurrent": 55,
    "ratedPower": 81.5,
    "electricityFee": "1.2 元/kWh",
    "serviceFee": "0.4 元/kWh",
    "fireControl": 1,
    "smokeSensation": 3,
}
STATUS = {
    "cellId": "C-1",
    "equipmentId": "E-1",
    "updateDatetime": "2024-05-01 09:00:00",
    "cellStatus": 3,
    "current": 16.5,
    "voltage": 220.1,
    "power": "3.52",
    "quantity": 1,
    "envTemperature": -3.5,
    "cirTemperature": 31,
}
RECORD = {
    "startChargeSeq": "395815801202405010900004013",
    "cellId": "C-1",
    "startDatetime": "2024-05-01 09:00:00",
    "endDatetime": "2024-05-01T03:00:00Z",
    "totalPower": 12.3,
    "totalElecMoney": 9.84,
    "totalServiceMoney": 0,
    "stopReason": 0,
    "averagePower": 6.15,
}
RISK = {"cellId": "C-1", "riskLevel": "高风险", "riskReason": "烟雾"}
URL = {"url": "https://relay.example/callbacks/city-platform/report-failure"}
OURS = "395815801"

IN_BODY: list[tuple[str, str, str, dict[str, Any]]] = [
    ("create-station", "POST", "management/station", {"stationId": "S-1"}),
    ("change-station", "PUT", "management/station", {"stationId": "S-1"}),
    ("create-equipment", "POST", "management/equipment", {"equipmentId": "E", "stationId": "S"}),
    ("change-equipment", "PUT", "management/equipment", {"equipmentId": "E", "stationId": "S"}),
    ("create-cell", "POST", "management/cell", CELL),
    ("change-cell", "PUT", "management/cell", {"cellId": "C-1", "equipmentId": "E-1"}),
]
IN_QUERY: list[tuple[str, str, str, dict[str, Any]]] = [
    ("delete-station", "DELETE", "management/station", {"stationId": "S-1"}),
    ("list-stations", "GET", "management/station", {"pageIndex": 2, "pageSize": 5}),
    ("delete-equipment", "DELETE", "management/equipment", {"equipmentId": "E-1"}),
    ("list-equipment", "GET", "management/equipment", {"pageIndex": 1, "pageSize": 20}),
    ("delete-cell", "DELETE", "management/cell", {"cellId": "C-1"}),
    ("list-cells", "GET", "management/cell", {"pageIndex": 1, "pageSize": 20}),
    ("list-records", "GET", "management/chargingRecord", {"pageIndex": 3, "pageSize": 9}),
    ("set-report-failure-url", "PUT", "management/callbackUrl/reportFailure", URL),
    ("remove-report-failure-url", "DELETE", "management/callbackUrl/reportFailure", {}),
    ("set-meta-info-url", "PUT", "management/callbackUrl/getChargingMetaInfo", URL),
    ("remove-meta-info-url", "DELETE", "management/callbackUrl/getChargingMetaInfo", {}),
    ("set-cell-risk-url", "PUT", "management/callbackUrl/notifyCellRisk", URL),
]


def request(name: str, arguments: dict[str, Any], **settings: object) -> requests.Request:
    operation = OPERATIONS[name]
    return operation.request(city(None, **settings), operation.arguments.model_validate(arguments))


def sent(name: str, arguments: dict[str, Any], **settings: object) -> Any:  # noqa: ANN401 any JSON
    prepared = request(name, arguments, **settings).prepare()
    assert prepared.headers["Content-Type"] == "application/json"
    return json.loads(prepared.body or b"")


def reply(name: str, given: Answer) -> Reply:
    return OPERATIONS[name].read(city(), given)


@pytest.mark.parametrize(("name", "method", "path", "arguments"), IN_BODY)
def test_what_is_submitted_or_changed_stands_in_the_body(
    name: str, method: str, path: str, arguments: dict[str, Any]
) -> None:
    built = request(name, arguments)
    assert (built.method, built.url) == (method, f"{BASE}/platform/{path}")
    assert sent(name, arguments) == {"operatorId": OURS} | arguments


@pytest.mark.parametrize(("name", "method", "path", "arguments"), IN_QUERY)
def test_what_is_removed_listed_or_registered_stands_in_the_query(
    name: str, method: str, path: str, arguments: dict[str, Any]
) -> None:
    prepared = request(name, arguments).prepare()
    url = urlsplit(prepared.url or "")
    assert (prepared.method, url.path, prepared.body) == (method, f"/platform/{path}", None)
    given = {"operatorId": OURS} | {key: str(value) for key, value in arguments.items()}
    assert dict(parse_qsl(str(url.query))) == given


def test_every_operation_of_the_document_is_there() -> None:
    tried = {name for name, *_ in IN_BODY + IN_QUERY}
    others = {"report-status", "report-statuses", "re-report-status", "report-record"}
    others |= {"report-records", "report-cell-risk", "fetch-token"}
    assert set(OPERATIONS) == tried | others


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_every_argument_is_described_and_every_operation_says_what_is_known(name: str) -> None:
    operation = OPERATIONS[name]
    assert all(f.description for f in operation.arguments.model_fields.values())
    assert operation.known
    assert operation.section


def test_a_cell_is_told_with_the_fields_of_the_document_and_its_numbers_as_numbers() -> None:
    assert sent("create-cell", CELL) == CELL


@pytest.mark.parametrize(
    "changes",
    [
        {"cellType": 6},
        {"fireControl": 97},
        {"ratedPower": "7.25"},
        {"ratedCurrent": "many"},
        {"cellId": ""},
        {"cellStandard": None},
        {"colour": "red"},
    ],
)
def test_a_cell_that_the_document_does_not_allow_is_not_told(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        request("create-cell", CELL | changes)


def test_of_a_cell_only_what_is_given_is_changed() -> None:
    given = {"cellId": "C-1", "equipmentId": "E-1", "serviceFee": "0.5 元/kWh"}
    assert sent("change-cell", given) == {"operatorId": OURS} | given


def test_free_fields_stand_beside_the_ids_and_never_in_their_place() -> None:
    fields = {"stationName": "东站", "stationLng": 121.5, "stationId": "another"}
    assert sent("create-station", {"stationId": "S-1", "fields": fields}) == {
        "operatorId": OURS,
        "stationId": "S-1",
        "stationName": "东站",
        "stationLng": 121.5,
    }


def test_a_status_by_hand_is_told_as_an_event_is() -> None:
    by_hand = sent("report-status", STATUS)
    event = status(
        current=16.5,
        voltage="220.1",
        power="3.52",
        quantity=1,
        envTemperature=-3.5,
        cirTemperature=31,
    )
    assert by_hand == told(event)
    assert by_hand["chargingMetaInfoId"] is None


def test_a_record_by_hand_is_told_as_an_event_is() -> None:
    event = record(startChargeSeq=RECORD["startChargeSeq"], power="12.3", elecMoney="9.84")
    assert sent("report-record", RECORD) == told(event) | {"stopReason": 0}


def test_lists_are_bare_arrays() -> None:
    statuses = [STATUS, STATUS | {"cellId": "C-2"}]
    assert sent("report-statuses", {"items": statuses}) == [
        sent("report-status", one) for one in statuses
    ]
    assert sent("report-records", {"items": [RECORD]}) == [sent("report-record", RECORD)]
    assert str(request("report-statuses", {"items": statuses}).url).endswith("MetaInfoList")
    assert str(request("report-records", {"items": [RECORD]}).url).endswith("RecordList")


@pytest.mark.parametrize(
    ("name", "items"),
    [
        ("report-statuses", []),
        ("report-statuses", [STATUS, STATUS]),
        ("report-statuses", [STATUS | {"cellId": f"C-{n}"} for n in range(13)]),
        ("report-records", []),
        ("report-records", [RECORD] * 31),
        ("report-records", [RECORD | {"startChargeSeq": "short"}]),
    ],
)
def test_a_list_that_the_platform_would_refuse_is_not_sent(
    name: str, items: list[dict[str, Any]]
) -> None:
    with pytest.raises(ValidationError):
        request(name, {"items": items})


def test_a_second_report_names_the_platforms_id() -> None:
    with pytest.raises(ValidationError):
        request("re-report-status", STATUS)
    again = sent("re-report-status", STATUS | {"chargingMetaInfoId": "M-9"})
    assert again == sent("report-status", STATUS) | {"chargingMetaInfoId": "M-9"}


def test_a_risk_goes_to_the_pile_enterprise_and_is_of_now_unless_it_says_when() -> None:
    built = request("report-cell-risk", RISK, risk_url=RISK_URL)
    assert (built.method, built.url) == ("POST", RISK_URL)
    now = {"operatorId": OURS, "platformDatetime": "2024-05-01 12:00:00"}
    assert sent("report-cell-risk", RISK, risk_url=RISK_URL) == RISK | now
    earlier = RISK | {"platformDatetime": "2024-04-30T23:30:00Z"}
    told = sent("report-cell-risk", earlier, risk_url=RISK_URL)
    assert told["platformDatetime"] == "2024-05-01 07:30:00"


def test_without_a_risk_url_no_risk_can_be_told() -> None:
    with pytest.raises(ValueError, match="names no risk_url"):
        request("report-cell-risk", RISK)


def test_the_token_call_signs_two_lines_and_has_no_token() -> None:
    script = Script([success("t0ken")])
    script.send(request("fetch-token", {}))
    headers = script.sent[0].headers
    assert script.sent[0].url == f"{BASE}/platform/management/operatorAPIToken"
    assert "Token" not in headers
    lines = "datetime: 2024-05-01 12:00:00\noperatorid: 395815801"
    mac = hmac.new(b"s3cret-key", lines.encode(), hashlib.sha256).digest()
    assert headers["Signature"] == base64.b64encode(mac).decode()
    assert not OPERATIONS["fetch-token"].signed


def test_a_token_is_not_shown() -> None:
    got = reply("fetch-token", success("0123456789abcdef"))
    assert got == Reply(Accepted("请求成功!", "200"), {"token": "*** (16 characters)"})
    assert isinstance(reply("fetch-token", success(None)).outcome, Unclear)
    assert reply("fetch-token", minus("签名有误")).data is None


def test_a_success_brings_its_data_and_a_failure_none() -> None:
    page = {"totalRecord": 1, "totalPage": 1, "pageList": [{"cellId": "C-1"}]}
    assert reply("list-cells", success(page)).data == page
    refused = reply("create-cell", minus("cellId不能为空"))
    assert isinstance(refused.outcome, Refused)
    assert refused.data is None


def test_what_is_not_there_is_refused_and_what_cannot_be_read_is_unclear() -> None:
    gone = reply("delete-cell", answer({"message": "不存在"}, 404))
    assert gone.outcome == Refused("不存在", "404")
    assert isinstance(reply("delete-cell", answer(b"", 503)).outcome, TryLater)
    assert isinstance(reply("delete-cell", answer(b"ok")).outcome, Unclear)


def test_only_records_and_second_reports_are_not_to_be_repeated_blindly() -> None:
    once = {name for name, operation in OPERATIONS.items() if not operation.repeatable}
    assert once == {"report-record", "report-records", "re-report-status"}
