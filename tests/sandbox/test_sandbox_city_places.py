"""The city platform keeps a register of stations, equipment and cells, and three callback URLs."""

import pytest

from tests.sandbox import city_places
from tests.sandbox.callers import OPERATOR_ID, Body, City
from tests.sandbox.city_places import KEYS

MADE = {
    "station": city_places.station,
    "equipment": city_places.equipment,
    "cell": city_places.cell,
}
CALLBACKS = "/platform/management/callbackUrl"


def register(city: City, *kinds: str) -> None:
    for kind in kinds:
        assert submit(city, kind)["status"] == 200


def submit(city: City, kind: str, **changes: object) -> Body:
    return city.call("POST", city_places.path(kind), json=MADE[kind](**changes))


def listed(city: City, kind: str, **query: object) -> Body:
    params: Body = {"operatorId": OPERATOR_ID, "pageIndex": 1, "pageSize": 10} | query
    return city.call("GET", city_places.path(kind), params=params)


def test_a_station_its_equipment_and_its_cell_are_submitted(city: City) -> None:
    expected = {"status": 200, "message": "请求成功!", "data": "提交成功!"}
    for kind, made in MADE.items():
        assert submit(city, kind) == expected
        assert listed(city, kind)["data"]["pageList"] == [made()]
    assert city.control.keys() == ["S-1", "E-1", "C-1"]


@pytest.mark.parametrize(("kind", "parent"), [("equipment", "stationId"), ("cell", "equipmentId")])
def test_a_place_needs_what_it_belongs_to(city: City, kind: str, parent: str) -> None:
    answer = submit(city, kind)
    assert (answer["status"], answer["message"]) == (400, f"{parent}不存在")


@pytest.mark.parametrize("kind", ["station", "equipment", "cell"])
def test_a_place_is_told_once(city: City, kind: str) -> None:
    register(city, "station", "equipment", "cell")
    answer = submit(city, kind)
    assert (answer["status"], answer["message"]) == (400, f"{KEYS[kind]}已存在")
    assert city.control.counters()["repeated_items"] == 0


@pytest.mark.parametrize(
    ("kind", "field"), [(kind, field) for kind, made in MADE.items() for field in made()]
)
def test_every_field_is_demanded(city: City, kind: str, field: str) -> None:
    register(city, *("station", "equipment")[: list(MADE).index(kind)])
    answer = submit(city, kind, **{field: None})
    assert (answer["status"], answer["message"]) == (400, f"{field}不能为空")


@pytest.mark.parametrize(
    ("kind", "field", "wrong"),
    [
        ("cell", "cellType", 6),
        ("cell", "cellType", "5"),
        ("cell", "fireControl", 97),
        ("cell", "smokeSensation", 0),
        ("cell", "ratedVoltageUpperLimit", 29.55),
        ("cell", "ratedPower", "81"),
        ("cell", "electricityFee", 0.6),
        ("cell", "cellId", 95),
        ("equipment", "equipmentType", 4),
        ("equipment", "productionDate", "2024/01/01"),
        ("equipment", "equipmentLng", 121.6089123),
        ("station", "stationLat", "31.25"),
        ("station", "camera", 4),
        ("station", "createDate", "today"),
    ],
)
def test_a_wrong_field_is_refused_by_name(city: City, kind: str, field: str, wrong: object) -> None:
    register(city, *("station", "equipment")[: list(MADE).index(kind)])
    answer = submit(city, kind, **{field: wrong})
    assert answer["status"] == 400
    assert answer["message"].startswith(field)


def test_another_operators_place_is_not_authorised(city: City) -> None:
    assert submit(city, "station", operatorId="999999999")["status"] == -1
    assert listed(city, "station", operatorId="999999999")["status"] == -1
    query = {"stationId": "S-1", "operatorId": "999999999"}
    assert city.call("DELETE", city_places.path("station"), params=query)["status"] == -1


def test_a_change_leaves_alone_what_it_does_not_name(city: City) -> None:
    register(city, "station", "equipment", "cell")
    change = {"cellId": "C-1", "operatorId": OPERATOR_ID, "ratedPower": 7.5, "serviceFee": None}
    assert city.call("PUT", city_places.path("cell"), json=change)["data"] == "修改成功!"
    assert listed(city, "cell")["data"]["pageList"] == [city_places.cell(ratedPower=7.5)]
    wrong = city.call("PUT", city_places.path("cell"), json=change | {"cellType": 6})
    assert wrong["message"].startswith("cellType")
    stray = city.call("PUT", city_places.path("cell"), json=change | {"equipmentId": "E-9"})
    assert (stray["status"], stray["message"]) == (400, "equipmentId不存在")
    unknown = city.call("PUT", city_places.path("cell"), json=change | {"cellId": "C-9"})
    assert (unknown["status"], unknown["message"]) == (404, "cellId不存在")


def test_a_place_is_removed_once(city: City) -> None:
    register(city, "station", "equipment", "cell")
    query = {"cellId": "C-1", "operatorId": OPERATOR_ID}
    path = city_places.path("cell")
    assert city.call("DELETE", path, params=query)["data"] == "删除成功!"
    assert listed(city, "cell")["data"] == {"totalRecord": 0, "totalPage": 0, "pageList": []}
    assert city.call("DELETE", path, params=query)["status"] == 404
    unnamed = city.call("DELETE", path, params={"operatorId": OPERATOR_ID})
    assert unnamed["message"] == "cellId不能为空"


def test_places_are_listed_page_by_page(city: City) -> None:
    for number in range(3):
        submit(city, "station", stationId=f"S-{number}")
    pages = [listed(city, "station", pageIndex=index, pageSize=2)["data"] for index in (1, 2)]
    assert [len(page["pageList"]) for page in pages] == [2, 1]
    assert {(page["totalRecord"], page["totalPage"]) for page in pages} == {(3, 2)}
    assert listed(city, "station", pageSize=0)["status"] == 400


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "GET"])
def test_the_register_is_behind_the_door(city: City, method: str) -> None:
    headers = city.headers(Signature="AAAA")
    answer = city.call(method, city_places.path("station"), headers, json={})
    assert (answer["status"], answer["message"]) == (-1, "签名有误")


def test_a_rejected_place_is_refused(city: City) -> None:
    city.control.fault("reject_item", key="S-1")
    assert submit(city, "station")["status"] == 400


@pytest.mark.parametrize(
    ("method", "name"),
    [
        ("PUT", "reportFailure"),
        ("DELETE", "reportFailure"),
        ("PUT", "getChargingMetaInfo"),
        ("DELETE", "getChargingMetaInfo"),
        ("PUT", "notifyCellRisk"),
    ],
)
def test_a_callback_url_is_told_and_taken_back(city: City, method: str, name: str) -> None:
    query = {"operatorId": OPERATOR_ID, "url": "https://relay.example/callbacks"}
    assert city.call(method, f"{CALLBACKS}/{name}", params=query)["status"] == 200
    [item] = city.control.call("GET", "received").json()["items"]
    kept = query["url"] if method == "PUT" else ""
    assert (item["kind"], item["key"]) == ("callback-url", name)
    assert item["body"] == {"callback": name, "url": kept}


def test_a_callback_url_that_cannot_be_is_refused(city: City) -> None:
    path = f"{CALLBACKS}/reportFailure"
    for url in (None, "relay.example", "ftp://relay.example"):
        answer = city.call("PUT", path, params={"operatorId": OPERATOR_ID, "url": url})
        assert (answer["status"], answer["message"]) == (400, "url应为http或https地址")
    other = {"operatorId": "999999999", "url": "https://relay.example"}
    assert city.call("PUT", path, params=other)["status"] == -1
    signed = city.call("PUT", path, city.headers(Signature="AAAA"), params=other)
    assert signed["message"] == "签名有误"


def test_the_risk_url_cannot_be_taken_back(city: City) -> None:
    url = f"{city.base_url}{CALLBACKS}/notifyCellRisk"
    assert city.session.delete(url, timeout=5).status_code == 405
