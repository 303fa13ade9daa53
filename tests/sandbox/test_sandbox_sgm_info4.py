"""Behind the car maker's gateway every call of document 002 does what its page says."""

from typing import Any

import pytest

from tests.sandbox.car_maker import MAP, STATION, UUID, App

EXAMPLE_PRE_NUM = "NPOE21122800000013"


def test_an_order_is_followed_until_it_is_done(app: App) -> None:
    made: Any = app.told(f"{MAP}/createOrder", uuid=UUID, sidTag="HQ")
    asked = {"uuid": UUID, "cusOrderId": made["cusOrderId"]}
    states = [app.told(f"{MAP}/orderQuery", **asked) for _ in range(4)]
    assert states == [{"orderStatus": status} for status in "1122"]
    [item] = app.control.call("GET", "received").json()["items"]
    assert (item["kind"], item["key"]) == ("map-order", made["cusOrderId"])


def test_an_order_can_be_made_to_fail(app: App) -> None:
    made: Any = app.told(f"{MAP}/createOrder", uuid=UUID, sidTag="SD")
    fixed = {"cus_order_id": made["cusOrderId"], "status": "3"}
    assert app.control.call("POST", "orders", json=fixed).json() == fixed
    asked = {"uuid": UUID, "cusOrderId": made["cusOrderId"]}
    assert app.told(f"{MAP}/orderQuery", **asked) == {"orderStatus": "3"}


def test_a_second_order_of_a_uuid_is_counted_as_repeated(app: App) -> None:
    for _ in range(2):
        app.told(f"{MAP}/createOrder", uuid=UUID, sidTag="SD")
    assert app.control.counters()["repeated_items"] == 1


def test_a_reservation_is_created_found_completed_and_then_stays_so(app: App) -> None:
    pre_num = app.reserve()["dataSet"]["preNum"]
    assert pre_num.startswith("NPOE")
    assert app.reserve()["resultCode"] == "4011"
    assert app.change(pre_num, 2)["dataSet"] == {"preNum": pre_num}
    assert app.change(pre_num, 2)["resultCode"] == "0000"
    assert app.control.counters()["repeated_items"] == 1
    refused = app.change(pre_num, 3, cancelReason="故障")
    assert refused["resultCode"] == "4011"
    assert refused["message"].endswith("预约单已完成")
    assert app.reserve()["resultCode"] == "0000"


def test_a_reservation_is_cancelled_with_its_reason(app: App) -> None:
    assert app.change(EXAMPLE_PRE_NUM, "3", cancelReason="故障")["resultCode"] == "0000"
    told: Any = app.told(f"{STATION}/np0/pre/query", brandId="1", preNum=EXAMPLE_PRE_NUM)
    [row] = told["chargingAppointments"]
    assert (row["status"], row["cancelReason"], row["cancelType"]) == (3, "故障", "1")
    assert row["createTime"][4::3][:2] == "--"


def test_reservations_are_told_page_by_page_in_the_documents_shape(app: App) -> None:
    told: Any = app.told(f"{STATION}/npo/pre/query", brandId="1", status=1, pageSize=1)
    assert {name: told[name] for name in told if name != "chargingAppointments"} == {
        "totalCount": 2,
        "pageSize": 1,
        "pageNum": 1,
        "totalPage": 2,
    }
    [row] = told["chargingAppointments"]
    assert row["preNum"] == EXAMPLE_PRE_NUM
    assert row.keys() >= {
        *("preNum", "status", "source", "brandId", "operatorId", "stationId", "stationName"),
        *("stationAddress", "equipmentId", "equipmentName", "connectorId", "connectorName"),
        *("lng", "lat", "userId", "createTime", "cancelType", "cancelReason", "remark"),
    }


@pytest.mark.parametrize("spelling", ["np0", "npo", "npoc"])
def test_the_documents_spellings_of_a_path_are_all_taken(app: App, spelling: str) -> None:
    body = {"preNum": EXAMPLE_PRE_NUM, "status": 2}
    assert app.code(f"{STATION}/{spelling}/charge/update", body) == "0000"
    assert app.code(f"{STATION}/{spelling}/pre/query", {"brandId": "1"}) == "0000"


def test_a_reservation_that_is_not_there_can_be_made_known(app: App) -> None:
    assert app.change("NPOE-1", 2)["resultCode"] == "4011"
    app.control.call("POST", "reservations", json={"pre_num": "NPOE-1"})
    assert app.change("NPOE-1", 2)["resultCode"] == "0000"
    assert app.control.keys() == ["NPOE-1"]


def test_a_reserved_connector_has_status_4_until_it_is_free(app: App) -> None:
    pre_num = app.reserve()["dataSet"]["preNum"]
    statuses = []
    for _ in range(2):
        told: Any = app.told(
            f"{STATION}/csds/queryStation/equipment", equipmentId="1234988500", stationId="444"
        )
        statuses.append(told["connectorInfoItem"][0]["status"])
        app.change(pre_num, 3)
    assert statuses == ["4", "1"]


def test_stations_are_listed_by_words_area_and_ids(app: App) -> None:
    path = f"{STATION}/csds/queryStationNew"
    every: Any = app.told(path)
    assert (every["total"], every["from"], every["siez"]) == (2, 1, 100)
    wanted = [{"operatorId": "313744932", "stationIds": ["444", "445"]}]
    for body in ({"keyWords": "海口"}, {"areaCode": "460100"}, {"stationList": wanted}):
        told: Any = app.told(path, **body)
        assert [row["stationId"] for row in told["resultList"]] == ["444"]
    near: Any = app.told(path, keyWords="浦东", lng="121.6089", lat="31.2575", size="1")
    assert near["resultList"][0]["distance"] == 0


def test_a_station_is_told_in_full(app: App) -> None:
    told: Any = app.told(
        f"{STATION}/csds/queryStation/info", operatorId="395815801", stationId="3702120244"
    )
    assert told["stationName"] == "浦东金桥充电站"
    assert (told["slowChargingTotal"], told["slowChargingFree"]) == ("10", "9")
    [cost] = told["costItem"]
    assert cost.keys() == {"time", "electricityFee", "serviceFee", "equipmentType"}
    connector = told["equipmentInfoItem"][0]["connectorInfoItem"][0]
    assert (connector["chargeType"], connector["lockStatus"]) == ("0", 50)
    assert "distance" not in told


def test_equipment_is_told_as_a_list_for_a_station_and_as_an_object_for_itself(app: App) -> None:
    path = f"{STATION}/csds/queryStation/equipment"
    told: Any = app.told(path, operatorId="313744932", stationId="444", equipmentId="")
    assert [one["equipmentId"] for one in told] == [f"123498850{number}" for number in range(4)]
    alone: Any = app.told(path, equipmentId="1234988503")
    assert alone["connectorInfoItem"][0]["connectorId"] == "1234988503"
    assert app.code(path, {"equipmentId": "none"}) == "4011"


def test_a_lock_is_opened(app: App) -> None:
    body = {"operatorId": "313744932", "connectorId": "1234988502", "brandId": "2"}
    path = f"{STATION}/csds/chargeStation/unLock"
    assert app.told(path, **body, source="WEAPP") == ""
    told: Any = app.told(f"{STATION}/csds/queryStation/equipment", equipmentId="1234988502")
    assert told["connectorInfoItem"][0]["lockStatus"] == "10"
    assert app.code(path, body | {"connectorId": "none", "source": "APP"}) == "4011"


def test_saved_stations_are_taken_in_full_and_bit_by_bit(app: App) -> None:
    def save(update: str, *stations: dict[str, object]) -> object:
        body = {"vehicleBrand": "CADILLAC", "channel": "CSM", "updateType": update}
        return app.told(f"{STATION}/saving/update", **body, savedStations=list(stations))

    def listed() -> Any:  # noqa: ANN401 - JSON
        asked = {"vehicleBrand": "CADILLAC", "pageSize": 10, "pageNum": 1}
        return app.told(f"{STATION}/saving/list", **asked)

    known: dict[str, Any] = {"operatorId": "313744932", "stationId": "444"}
    first = known | {"stationSaved": True, "lastUpdateTime": 1669087628435}
    assert save("FULL", first) == {}
    assert listed()["items"][0]["stationName"] == "海口秀英充电站"
    save("INCREMENT", first | {"stationSaved": False, "lastUpdateTime": 1})
    assert listed()["items"][0]["stationSaved"] is True
    save("INCREMENT", first | {"stationId": "445"})
    assert (listed()["totalCount"], listed()["totalPages"]) == (2, 1)
    save("FULL")
    assert listed()["items"] == []


def test_the_features_of_a_vehicle_are_told(app: App) -> None:
    path = f"{STATION}/vis2c/vin/feature/query"
    told: Any = app.told(path, vin="LSGXXXXXXXXXXXXXX", features=["A", "B"])
    assert [one["featureCode"] for one in told] == ["A", "B"]
    assert isinstance(app.told(path, vin="LSGXXXXXXXXXXXXXX"), list)


def test_a_rejected_reservation_is_refused_by_the_service(app: App) -> None:
    app.control.fault("reject_item", key=EXAMPLE_PRE_NUM, message="预约服务异常")
    answer = app.change(EXAMPLE_PRE_NUM, 2)
    assert answer["resultCode"] == "4011"
    assert answer["message"].endswith(": 预约服务异常")
    assert app.change("NPOE21122800000009", 2)["resultCode"] == "0000"


def test_any_result_code_can_be_ordered(app: App) -> None:
    limited = {"resultCode": "998", "message": "服务暂时不可用", "dataSet": {}}
    app.control.fault("answer", body=limited, times=1)
    assert app.change(EXAMPLE_PRE_NUM, 2) == limited
    assert app.control.keys() == []
    app.control.fault("answer", body=limited, times=1, after=True)
    assert app.change(EXAMPLE_PRE_NUM, 2) == limited
    assert app.control.keys() == [EXAMPLE_PRE_NUM]


def test_a_reset_brings_the_reservations_of_the_start_back(app: App) -> None:
    app.change(EXAMPLE_PRE_NUM, 2)
    app.control.call("POST", "reset")
    assert app.change(EXAMPLE_PRE_NUM, 3)["resultCode"] == "0000"


@pytest.mark.parametrize(
    ("what", "content"),
    [
        ("reservations", {}),
        ("reservations", {"pre_num": 5}),
        ("orders", {"cus_order_id": "none", "status": "2"}),
        ("sign_in", {"access_token": 5}),
        ("sign_in", []),
    ],
)
def test_a_wrong_control_call_is_explained(app: App, what: str, content: object) -> None:
    answer = app.control.call("POST", what, json=content)
    assert answer.status_code == 400
    assert "must be" in answer.json()["message"]
