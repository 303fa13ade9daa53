"""What SGM INFO4 is told; its other tests take settings, events and answers from here."""

import json
from pathlib import Path

import pytest
import requests
from pydantic import ValidationError

from tests.worker.vendors.scripted import Clock, Script, answer, make
from worker.events import Event, Kind, parse
from worker.exchange import Answer, NoAnswer
from worker.outcomes import Absent, Accepted, OnUnclear, Outcome, Refused, Unclear
from worker.vendor import System
from worker.vendors.sgm_info4 import SgmInfo4
from worker.vendors.sgm_info4.settings import SgmInfo4Settings

BASE = "https://gateway.example"
PRIVATE = f"{BASE}/info4gw/apigateway/private/info4-map/charging-station"
KEY = "766175cc49c611e8842f0ed5f89f718b"
TOKEN = "user-access-token"
SETTINGS = {
    "base_url": f"{BASE}/",
    "app_id": "0lsQoWek",
    "client_cert": __file__,
    "client_key": __file__,
    "idp_user_id": "idp-1",
    "access_token": TOKEN,
    "brand_id": "2",
}
PRE_NUM = "NPOE21122800000013"
RECORD = {
    "orderNo": "A-1001",
    "startTime": "2024-05-01 09:00:00",
    "endTime": "2024-05-01 11:00:00",
    "stationId": "3702120244",
    "connectorId": "3702120244412",
    "preNum": PRE_NUM,
}
FAULT = {
    "operatorId": "395815801",
    "connectorId": "3702120244412",
    "status": 255,
    "updateTime": "2024-05-01 09:00:00",
    "preNum": PRE_NUM,
}


def gateway(clock: Clock | None = None, **settings: object) -> System[SgmInfo4Settings]:
    system = make("sgm_info4", SETTINGS | settings, clock)
    assert isinstance(system, SgmInfo4)
    return system


def record(**changes: object) -> Event:
    return parse(Kind.CHARGE_RECORD, RECORD | changes)


def fault(**changes: object) -> Event:
    return parse(Kind.CONNECTOR_STATUS, FAULT | changes)


def said(code: object, data: object = None, message: str = "") -> Answer:
    return answer({"resultCode": code, "message": message, "dataSet": data})


def success(data: object = None) -> Answer:
    return said("0000", data, "Success")


def issued(key: str = KEY) -> Answer:
    return success({"appKey": key, "expirationMinutes": 600})


def content(request: requests.Request) -> object:
    body = request.prepare().body
    assert isinstance(body, bytes)
    return json.loads(body)


def test_a_record_completes_its_reservation() -> None:
    request = gateway().request([record()])
    assert (request.method, request.url) == ("POST", f"{PRIVATE}/npo/charge/update")
    assert request.headers["Content-Type"] == "application/json;charset=UTF-8"
    assert content(request) == {"preNum": PRE_NUM, "status": 2}


@pytest.mark.parametrize(
    ("error_code", "reason"), [(None, "充电桩故障"), (2007, "充电桩故障（错误码 2007）")]
)
def test_a_fault_cancels_the_reservation_with_the_reason(
    error_code: int | None, reason: str
) -> None:
    request = gateway().request([fault(errorCode=error_code)])
    assert request.url == f"{PRIVATE}/npo/charge/update"
    assert content(request) == {"preNum": PRE_NUM, "status": 3, "cancelReason": reason}


def test_the_status_may_be_text_as_in_the_documents_example() -> None:
    request = gateway(status_as_text=True).request([fault()])
    assert content(request) == {"preNum": PRE_NUM, "status": "3", "cancelReason": "充电桩故障"}


def test_only_what_ends_a_reservation_is_wanted() -> None:
    system = gateway()
    assert system.wants(record())
    assert system.wants(fault())
    assert not system.wants(record(preNum=None))
    assert not system.wants(fault(preNum=None))
    for status in (0, 1, 2, 3, 4, 5):
        assert not system.wants(fault(status=status))
    warning = {"warningId": "W-1", "riskLevel": "high", "occurredAt": "2024-05-01 09:00:00"}
    assert not system.wants(parse(Kind.SAFETY_WARNING, warning | {"preNum": PRE_NUM}))


def test_what_ends_no_reservation_is_no_request() -> None:
    for event in (record(preNum=None), fault(status=4)):
        with pytest.raises(TypeError):
            gateway().request([event])


def test_the_kinds_it_takes_and_what_is_done_about_unclear_ones() -> None:
    system = gateway()
    assert system.kinds() == {Kind.CHARGE_RECORD, Kind.CONNECTOR_STATUS}
    for kind in system.kinds():
        assert system.takes[kind].pack == 1
        assert system.unclear_rule(kind) is OnUnclear.VERIFY


def standing(*reservations: dict[str, object]) -> Answer:
    return success({"chargingAppointments": list(reservations), "totalCount": len(reservations)})


def look_up(event: Event, given: Answer) -> Outcome | Absent:
    system, http = gateway(), Script([issued(), given])
    auth = system.auth(http)  # type: ignore[arg-type]
    (found,) = system.look_up([event], lambda request: http.send(request, auth))
    asked = http.sent[-1]
    assert asked.url == f"{PRIVATE}/npo/pre/query"
    assert json.loads(asked.body or b"") == {"brandId": "2", "preNum": PRE_NUM}
    assert asked.headers["accessToken"] == TOKEN
    return found


@pytest.mark.parametrize(("event", "status"), [(record(), 2), (record(), "2"), (fault(), 3)])
def test_what_has_arrived_is_found(event: Event, status: object) -> None:
    given = standing({"preNum": "other", "status": 1}, {"preNum": PRE_NUM, "status": status})
    assert isinstance(look_up(event, given), Accepted)


@pytest.mark.parametrize(
    "given",
    [
        standing({"preNum": PRE_NUM, "status": 1}),
        standing(),
        standing({"preNum": "other", "status": 2}),
        standing({"preNum": PRE_NUM, "status": 7}),
        success([]),
        success(None),
        success({"chargingAppointments": None}),
        success({"chargingAppointments": ["x", None]}),
    ],
)
def test_what_is_not_found_there_may_be_sent(given: Answer) -> None:
    assert look_up(record(), given) == Absent()


def test_the_reservations_may_come_as_the_table_or_as_the_example_has_them() -> None:
    page = {"chargingAppointments": [{"preNum": PRE_NUM, "status": "2"}]}
    assert isinstance(look_up(record(), success([page])), Accepted)


def test_a_reservation_that_has_ended_in_another_way_needs_a_person() -> None:
    outcome = look_up(record(), standing({"preNum": PRE_NUM, "status": 3}))
    assert outcome == Refused("the reservation is cancelled already", "0000")


@pytest.mark.parametrize("given", [said("0006"), said("1007"), said("7777"), answer(b"", 500)])
def test_what_cannot_be_looked_up_stays_unclear(given: Answer) -> None:
    assert isinstance(look_up(record(), given), Unclear)


def test_a_look_up_that_is_not_answered_says_so() -> None:
    def silent(request: requests.Request) -> Answer:
        raise NoAnswer("no answer within the time limit", sent=True)

    found = gateway().look_up([record(), record()], silent)
    assert [type(outcome) for outcome in found] == [Unclear, Unclear]


@pytest.mark.parametrize(
    ("settings", "url"),
    [
        ({}, f"{PRIVATE}/npo/charge/update"),
        ({"update_segment": "npoc"}, f"{PRIVATE}/npoc/charge/update"),
        ({"reservation_segment": "np0"}, f"{PRIVATE}/npo/charge/update"),
        (
            {"charging_path": "/info4gw/apigateway/info4-map/charging-station/"},
            f"{BASE}/info4gw/apigateway/info4-map/charging-station/npo/charge/update",
        ),
        ({"base_url": f"{BASE}/info4gw/"}, f"{PRIVATE}/npo/charge/update"),
        (
            {"base_url": f"{BASE}/car-maker"},
            PRIVATE.replace(BASE, f"{BASE}/car-maker") + "/npo/charge/update",
        ),
    ],
)
def test_the_spellings_of_a_path(settings: dict[str, str], url: str) -> None:
    assert gateway(**settings).request([record()]).url == url


def test_the_client_certificate_is_ours(tmp_path: Path) -> None:
    cert, key = tmp_path / "app.crt", tmp_path / "app.key"
    cert.touch()
    key.touch()
    system = gateway(client_cert=str(cert), client_key=str(key))
    assert system.certificate() == (str(cert), str(key))


@pytest.mark.parametrize(
    "fault",
    [
        {"client_cert": "/nowhere/app.crt"},
        {"client_key": str(Path(__file__).parent)},
        {"access_token": ""},
        {"access_token": "two words"},
        {"access_token": "line\nbreak"},
        {"access_token": "令牌"},
        {"app_id": ""},
        {"app_id": "a b"},
        {"idp_user_id": "line\nbreak"},
        {"brand_id": ""},
        {"idp_user_header": "userId"},
        {"update_segment": "npo/../x"},
        {"app_key_url": "gateway"},
    ],
)
def test_what_could_never_work_is_refused_at_the_start(fault: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as caught:
        SgmInfo4Settings.model_validate(SETTINGS | fault)
    assert [error["loc"] for error in caught.value.errors()] == [tuple(fault)]
