"""What document 002 asks of a body is asked: 6002 for what is missing, 4001 for what is wrong."""

import pytest

from tests.sandbox.callers import Body
from tests.sandbox.car_maker import MAP, STATION, UUID, App

SAVED = {"operatorId": "A", "stationId": "B", "stationSaved": True, "lastUpdateTime": 1}
RIGHT: dict[str, Body] = {
    f"{MAP}/createOrder": {"uuid": UUID, "sidTag": "SD"},
    f"{MAP}/orderQuery": {"uuid": UUID, "cusOrderId": "CUS0000000001"},
    f"{STATION}/npo/charge/update": {"preNum": "NPOE21122800000013", "status": 3},
    f"{STATION}/np0/pre/create": {
        "operatorId": "313744932",
        "stationId": "444",
        "connectorId": "1234988500",
        "brandId": "2",
        "source": "APP",
    },
    f"{STATION}/csds/chargeStation/unLock": {
        "operatorId": "313744932",
        "connectorId": "1234988502",
        "brandId": "2",
        "source": "WEAPP",
    },
    f"{STATION}/saving/update": {
        "vehicleBrand": "CADILLAC_IQ",
        "channel": "MOBILE",
        "updateType": "INCREMENT",
        "savedStations": [SAVED],
    },
    f"{STATION}/np0/pre/query": {"brandId": "1"},
    f"{STATION}/csds/queryStation/info": {"operatorId": "313744932", "stationId": "444"},
    f"{STATION}/saving/list": {"vehicleBrand": "BUICK", "pageSize": 10, "pageNum": 1},
    f"{STATION}/vis2c/vin/feature/query": {"vin": "LSGXXXXXXXXXXXXXX"},
    f"{STATION}/csds/queryStationNew": {},
    f"{STATION}/csds/queryStation/equipment": {},
}


def path_of(end: str) -> str:
    [path] = [one for one in RIGHT if one.endswith(end)]
    return path


@pytest.mark.parametrize("empty", ["", None])
@pytest.mark.parametrize(
    ("path", "name"), [(path, name) for path, body in RIGHT.items() for name in body]
)
def test_a_mandatory_field_is_demanded(app: App, path: str, name: str, empty: str | None) -> None:
    answer = app.ask(path, RIGHT[path] | {name: empty})
    assert answer["resultCode"] == "6002"
    assert answer["message"] == f"Mandatory parameters missing: {name}"


@pytest.mark.parametrize("path", RIGHT)
def test_a_body_with_the_mandatory_fields_is_read(app: App, path: str) -> None:
    assert app.code(path, RIGHT[path]) in {"0000", "4011"}


@pytest.mark.parametrize(
    ("end", "name", "wrong"),
    [
        ("createOrder", "uuid", UUID[1:]),
        ("createOrder", "uuid", 5),
        ("createOrder", "sidTag", "HD"),
        ("charge/update", "preNum", 5),
        ("charge/update", "status", 4),
        ("charge/update", "status", True),
        ("charge/update", "cancelReason", 5),
        ("pre/create", "brandId", "6"),
        ("pre/create", "brandId", 2),
        ("unLock", "source", "WEB"),
        ("saving/update", "vehicleBrand", "OPEL"),
        ("saving/update", "channel", "WEB"),
        ("saving/update", "updateType", "ALL"),
        ("saving/update", "savedStations", "A"),
        ("saving/update", "savedStations", ["A"]),
        ("saving/update", "savedStations", [SAVED, SAVED | {"stationSaved": "true"}]),
        ("saving/update", "savedStations", [SAVED | {"lastUpdateTime": "1"}]),
        ("pre/query", "status", "9"),
        ("pre/query", "pageSize", 0),
        ("pre/query", "pageNum", "1"),
        ("saving/list", "pageSize", "10"),
        ("feature/query", "features", "A"),
        ("feature/query", "features", [5]),
        ("queryStationNew", "lat", 31.2),
        ("queryStationNew", "from", 1),
        ("queryStationNew", "stationList", [{"operatorId": "A"}]),
        ("queryStationNew", "filterList", [{"filterAttr": "1", "filterValue": "1"}]),
        ("equipment", "equipmentId", 5),
    ],
)
def test_a_field_of_the_wrong_type_or_value_is_refused_by_name(
    app: App, end: str, name: str, wrong: object
) -> None:
    path = path_of(end)
    answer = app.ask(path, RIGHT[path] | {name: wrong})
    assert answer["resultCode"] == "4001"
    assert answer["message"].startswith(f"The HTTP request parsing failed: {name}")
    assert app.control.keys() == []


def test_a_wrong_field_in_a_list_is_numbered(app: App) -> None:
    stations = [SAVED, SAVED | {"stationSaved": "true"}]
    path = path_of("saving/update")
    answer = app.ask(path, RIGHT[path] | {"savedStations": stations})
    assert answer["message"].endswith("savedStations第2个stationSaved应为布尔值")


def test_longitude_and_latitude_come_together(app: App) -> None:
    path = path_of("queryStation/info")
    for name in ("lng", "lat"):
        assert app.code(path, RIGHT[path] | {name: "31.2"}) == "6002"
    answer = app.ask(path, RIGHT[path] | {"lng": "110.348592", "lat": "20.007624"})
    assert answer["dataSet"]["distance"] == "0.0"
