"""Every call of document 002 against the request that the document prints for it."""

from typing import Any

import pytest
from pydantic import ValidationError

from tests.worker.vendors.scripted import Clock, Script
from tests.worker.vendors.test_sgm_info4 import (
    BASE,
    PRIVATE,
    content,
    gateway,
    issued,
    success,
)
from worker.operation import Arguments

MAP = f"{BASE}/info4gw/apigateway/info4-map/sgmMap"
UUID = "0123456789abcdef0123456789abcdef"
USER = {"appId", "timestamp", "authCode", "idpUserId", "accessToken"}
APP = {"appId", "timestamp", "authCode"}
STATIONS: dict[str, Any] = {
    "areaCode": "310100",
    "lat": "32.489931",
    "lng": "119.862440",
    "keyWords": "浦东",
    "stationList": [{"operatorId": "395815801", "stationIds": ["4101050005", "4101050006"]}],
    "filterList": [{"filterAttr": "1", "filterValue": ["1", "2"]}],
}
RESERVATION = {
    "operatorId": "运营商Id",
    "stationId": "充电站Id",
    "connectorId": "充电设备接口ID",
    "brandId": "1",
    "remark": "备注",
    "source": "来源",
}
LOCK = {
    "operatorId": "313744932",
    "connectorId": "1234988502",
    "brandId": "2",
    "source": "WEAPP",
}
SAVED: dict[str, Any] = {
    "vehicleBrand": "CADILLAC",
    "channel": "CSM",
    "updateType": "FULL",
    "savedStations": [
        {
            "operatorId": "A",
            "stationId": "A",
            "stationSaved": True,
            "lastUpdateTime": 1669087628435,
        }
    ],
}
CALLS: dict[str, tuple[str, set[str], dict[str, Any]]] = {
    "create-order": (f"{MAP}/createOrder", APP, {"uuid": UUID, "sidTag": "SD"}),
    "query-order": (f"{MAP}/orderQuery", APP, {"uuid": UUID, "cusOrderId": "XXXXX"}),
    "update-reservation": (
        f"{PRIVATE}/npo/charge/update",
        USER,
        {"preNum": "NPOE21122800000013", "status": 3, "cancelReason": ""},
    ),
    "list-stations": (f"{PRIVATE}/csds/queryStationNew", USER, STATIONS),
    "create-reservation": (f"{PRIVATE}/npo/pre/create", USER, RESERVATION),
    "open-ground-lock": (f"{PRIVATE}/csds/chargeStation/unLock", USER, LOCK),
    "update-favourite-station": (f"{PRIVATE}/saving/update", USER, SAVED),
    "query-reservation": (f"{PRIVATE}/npo/pre/query", USER, {"status": 1, "brandId": "1"}),
    "connector-info": (
        f"{PRIVATE}/csds/queryStation/equipment",
        USER,
        {"operatorId": "operatorId", "stationId": "stationId", "equipmentId": ""},
    ),
    "station-detail": (
        f"{PRIVATE}/csds/queryStation/info",
        USER,
        {"operatorId": "313744932", "stationId": "444"},
    ),
    "favourite-stations": (
        f"{PRIVATE}/saving/list",
        USER,
        {"vehicleBrand": "CADILLAC", "pageSize": 10, "pageNum": 1},
    ),
    "vehicle-features": (
        f"{PRIVATE}/vis2c/vin/feature/query",
        USER,
        {"features": ["features"], "vin": "xxxxxx"},
    ),
    "generate-app-key": (
        f"{BASE}/info4gw/apigateway/public/generateAppKey/0lsQoWek",
        set(),
        {},
    ),
}
OPERATIONS = gateway().operations
every_call = pytest.mark.parametrize("name", CALLS)


def given(name: str, fields: object) -> Arguments:
    return OPERATIONS[name].arguments.model_validate(fields)


def built(name: str, fields: object, **settings: object) -> dict[str, object]:
    system = gateway(**settings)
    told = content(system.operations[name].request(system, given(name, fields)))
    assert isinstance(told, dict)
    return told


def test_every_call_of_the_document_is_there_in_its_order() -> None:
    assert list(OPERATIONS) == list(CALLS)
    chapters = [operation.section.split(".")[0] for operation in OPERATIONS.values()]
    assert chapters == [str(number) for number in range(3, 16)]


@every_call
def test_a_request_is_the_one_that_the_document_prints(name: str) -> None:
    url, headers, fields = CALLS[name]
    system, script = gateway(Clock()), Script([issued(), success()])
    operation = system.operations[name]
    auth = system.auth(script) if operation.signed else None  # type: ignore[arg-type]
    script.send(operation.request(system, given(name, fields)), auth)
    sent = script.sent[-1]
    assert (sent.method, sent.url) == (operation.method, url)
    assert sent.headers["Content-Type"] == "application/json;charset=UTF-8"
    assert set(sent.headers) == headers | {"Content-Type", "Content-Length"}
    assert content(operation.request(system, given(name, fields))) == fields


@every_call
def test_a_path_is_where_the_request_goes(name: str) -> None:
    path = OPERATIONS[name].path.replace("{appId}", "0lsQoWek")
    assert CALLS[name][0] == BASE + path


@every_call
def test_every_field_is_described(name: str) -> None:
    def undescribed(model: type[Any]) -> list[str]:
        fields = model.model_fields
        nested = [t for f in fields.values() for t in _models(f.annotation)]
        bare = [f"{model.__name__}.{key}" for key, field in fields.items() if not field.description]
        return bare + [name for inner in nested for name in undescribed(inner)]

    assert undescribed(OPERATIONS[name].arguments) == []


def _models(annotation: object) -> list[type[Arguments]]:
    if isinstance(annotation, type) and issubclass(annotation, Arguments):
        return [annotation]
    return [m for part in getattr(annotation, "__args__", ()) for m in _models(part)]


@pytest.mark.parametrize(
    ("name", "required"),
    [
        ("create-order", {"uuid", "sidTag"}),
        ("query-order", {"uuid", "cusOrderId"}),
        ("update-reservation", {"preNum", "status"}),
        ("list-stations", set()),
        ("create-reservation", {"operatorId", "stationId", "connectorId", "source"}),
        ("open-ground-lock", {"operatorId", "connectorId", "source"}),
        (
            "update-favourite-station",
            {"vehicleBrand", "channel", "updateType", "savedStations"},
        ),
        ("query-reservation", set()),
        ("connector-info", set()),
        ("station-detail", {"operatorId", "stationId"}),
        ("favourite-stations", {"vehicleBrand", "pageSize", "pageNum"}),
        ("vehicle-features", {"vin"}),
        ("generate-app-key", set()),
    ],
)
def test_what_the_tables_require(name: str, required: set[str]) -> None:
    schema = OPERATIONS[name].arguments.model_json_schema()
    assert set(schema.get("required", [])) == required


@pytest.mark.parametrize("name", ["create-reservation", "open-ground-lock", "query-reservation"])
def test_a_brand_that_is_not_given_is_the_vendors(name: str) -> None:
    fields = {key: value for key, value in CALLS[name][2].items() if key != "brandId"}
    assert built(name, fields)["brandId"] == "2"
    assert built(name, fields | {"brandId": 3})["brandId"] == "3"


def test_what_the_document_types_as_text_may_be_given_as_a_number() -> None:
    fields = {"from": 2, "size": 50, "lat": 32.5, "distance": 3}
    assert built("list-stations", fields) == {
        "from": "2",
        "size": "50",
        "lat": "32.5",
        "distance": "3",
    }


def test_the_status_may_be_sent_as_text() -> None:
    fields = {"preNum": "N-1", "status": 2}
    assert built("update-reservation", fields) == fields
    assert built("update-reservation", fields, status_as_text=True) == fields | {"status": "2"}


def test_another_spelling_of_the_reservation_path() -> None:
    system = gateway(reservation_segment="np0", update_segment="npoc")
    ways = {
        name: system.operations[name].request(system, given(name, CALLS[name][2])).url
        for name in ("create-reservation", "query-reservation", "update-reservation")
    }
    assert ways == {
        "create-reservation": f"{PRIVATE}/np0/pre/create",
        "query-reservation": f"{PRIVATE}/np0/pre/query",
        "update-reservation": f"{PRIVATE}/npoc/charge/update",
    }


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("create-order", {"uuid": "short", "sidTag": "SD"}),
        ("create-order", {"uuid": UUID, "sidTag": "4K"}),
        ("query-order", {"uuid": UUID}),
        ("update-reservation", {"preNum": "N-1", "status": 4}),
        ("update-reservation", {"preNum": "", "status": 2}),
        ("station-detail", {"operatorId": "o", "stationId": "s", "lng": "1"}),
        ("station-detail", {"operatorId": "o", "stationId": "s", "lat": "1"}),
        ("update-favourite-station", SAVED | {"channel": "WEB"}),
        ("favourite-stations", {"vehicleBrand": "OPEL", "pageSize": 10, "pageNum": 1}),
        ("vehicle-features", {"vin": "v", "unknown": 1}),
        ("list-stations", {"lat": True}),
    ],
)
def test_what_the_tables_do_not_allow_is_not_sent(name: str, fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        given(name, fields)
