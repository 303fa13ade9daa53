"""The city platform takes what document 000 allows and refuses the rest, by name."""

from typing import Any

import pytest

from tests.sandbox.callers import OPERATOR_ID, City

STATUS_PATH = "/platform/report/chargingMetaInfo"


def test_a_status_is_accepted_and_shown_as_it_was_sent(city: City) -> None:
    expected = {"status": 200, "message": "请求成功!", "data": "上报成功"}
    assert city.report_status(residualCurrent=0.5) == expected
    [item] = city.control.call("GET", "received").json()["items"]
    assert (item["kind"], item["key"]) == ("connector-status", "C-1")
    assert item["body"] == city.status(residualCurrent=0.5)


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        *[(name, None) for name in ("cellId", "equipmentId", "operatorId", "updateDatetime")],
        *[(name, None) for name in ("cellStatus", "doorStatus", "errorCode", "quantity")],
        *[(name, None) for name in ("current", "voltage", "power")],
        *[(name, None) for name in ("envTemperature", "cirTemperature")],
        ("cellId", ""),
        ("cellId", 7),
        ("cellStatus", 6),
        ("cellStatus", "3"),
        ("cellStatus", True),
        ("doorStatus", 11),
        ("errorCode", "1000"),
        ("power", "3.52"),
        ("power", 3.523),
        ("current", True),
        ("residualCurrent", "1"),
        ("startChargeSeq", 5),
        ("updateDatetime", "2024-05-01T08:00:00"),
        ("updateDatetime", "2024-13-01 08:00:00"),
        ("updateDatetime", "2024-5-1 8:00:00"),
        ("chargingMetaInfoId", "77"),
    ],
)
def test_a_wrong_status_is_refused_with_its_field(city: City, field: str, wrong: object) -> None:
    answer = city.report_status(**{field: wrong})
    assert answer["status"] == 400
    assert answer["message"].startswith(field)
    assert city.control.counters()["accepted_items"] == 0


@pytest.mark.parametrize("status", [0, 1, 2, 3, 4, 5, 255])
def test_every_status_of_the_document_is_taken(city: City, status: int) -> None:
    assert city.report_status(cellStatus=status)["status"] == 200


def test_another_operators_status_is_not_authorised(city: City) -> None:
    answer = city.report_status(operatorId="999999999")
    assert (answer["status"], answer["message"]) == (-1, "运营商id不为授权运营商")


@pytest.mark.parametrize("empty", ["", None])
def test_a_second_report_needs_the_platforms_id(city: City, empty: str | None) -> None:
    path = "/platform/report/failed/chargingMetaInfo"
    answer = city.call("POST", path, json=city.status(chargingMetaInfoId=empty))
    assert (answer["status"], answer["message"]) == (400, "chargingMetaInfoId不能为空")


def test_a_list_of_twelve_statuses_is_taken_in_its_order(city: City) -> None:
    bodies = [city.status(cellId=f"C-{number}") for number in range(12)]
    assert city.report_statuses(bodies)["status"] == 200
    items = city.control.call("GET", "received").json()["items"]
    assert [item["body"] for item in items] == bodies


@pytest.mark.parametrize(
    ("bodies", "message"),
    [
        ([], "请求体应为不为空的数组"),
        ({}, "请求体应为不为空的数组"),
        ([{}] * 13, "一次最多12条"),
        (["text"], "第1个数据有误：应为对象"),
    ],
)
def test_a_status_list_of_the_wrong_shape_is_refused(
    city: City, bodies: object, message: str
) -> None:
    answer = city.report_statuses(bodies)
    assert (answer["status"], answer["message"]) == (400, message)


@pytest.mark.parametrize(
    ("third", "status", "message"),
    [
        ({"cellId": "C-3", "power": "1"}, 400, "第3个数据有误：power应为数字"),
        ({"cellId": "C-1"}, 400, "第3个数据有误：cellId重复"),
        ({"operatorId": "999999999"}, -1, "第3个数据有误：运营商id不为授权运营商"),
    ],
)
def test_one_wrong_status_refuses_the_whole_list_and_is_numbered(
    city: City, third: dict[str, Any], status: int, message: str
) -> None:
    bodies = [city.status(cellId="C-1"), city.status(cellId="C-2"), city.status(**third)]
    answer = city.report_statuses(bodies)
    assert (answer["status"], answer["message"]) == (status, message)
    assert city.control.keys() == []


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        *[(name, None) for name in ("startChargeSeq", "cellId", "operatorId", "startDatetime")],
        *[(name, None) for name in ("endDatetime", "totalPower", "totalElecMoney")],
        *[(name, None) for name in ("totalServiceMoney", "startType", "stopReason")],
        ("averagePower", None),
        ("startChargeSeq", f"{OPERATOR_ID}2024050108000012"),
        ("startChargeSeq", f"999999999{'0' * 18}"),
        ("startChargeSeq", f"{OPERATOR_ID}{'a' * 18}"),
        ("totalPower", "12.30"),
        ("totalElecMoney", 9.845),
        ("totalServiceMoney", "0"),
        ("startType", "1"),
        ("stopReason", 25),
        ("endDatetime", "2024/05/01 09:30:00"),
    ],
)
def test_a_wrong_record_is_refused_with_its_field(city: City, field: str, wrong: object) -> None:
    answer = city.report_record(**{field: wrong})
    assert answer["status"] == 400
    assert answer["message"].startswith(field)
    assert city.control.counters()["accepted_items"] == 0


def test_a_list_of_thirty_records_is_taken_and_one_of_thirty_one_is_not(city: City) -> None:
    bodies = [city.record(number) for number in range(31)]
    assert city.report_records(bodies)["message"] == "一次最多30条"
    assert city.report_records(bodies[:30])["status"] == 200
    assert city.control.counters()["accepted_by_kind"] == {"charge-record": 30}


def test_one_wrong_record_refuses_the_whole_list(city: City) -> None:
    answer = city.report_records([city.record(1), city.record(2, endDatetime="")])
    assert (answer["status"], answer["message"]) == (400, "第2个数据有误：endDatetime不能为空")
    assert city.control.keys() == []


def test_a_repeated_record_is_stored_twice_and_counted(city: City) -> None:
    city.report_record(1)
    city.report_records([city.record(2), city.record(1)])
    counters = city.control.counters()
    assert (counters["accepted_items"], counters["repeated_items"]) == (3, 1)
    assert counters["repeated_keys"] == [city.record(1)["startChargeSeq"]]
    items = city.control.call("GET", "received").json()["items"]
    assert [item["repeated"] for item in items] == [False, False, True]


def test_the_next_status_of_a_connector_is_no_repetition(city: City) -> None:
    city.report_status(updateDatetime="2024-05-01 08:00:00")
    city.report_status(updateDatetime="2024-05-01 08:05:00")
    assert city.control.counters()["repeated_items"] == 0


def test_records_are_read_back_page_by_page_newest_first(city: City) -> None:
    city.report_records([city.record(number) for number in range(5)])
    city.report_status()
    pages = [city.records(pageIndex=index, pageSize=2)["data"] for index in (1, 2, 3, 4)]
    seqs = [[body["startChargeSeq"][-1] for body in page["list"]] for page in pages]
    assert seqs == [["4", "3"], ["2", "1"], ["0"], []]
    assert {page["total"] for page in pages} == {5}
    assert (pages[1]["pageIndex"], pages[1]["pageSize"]) == (2, 2)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"pageIndex": 0}, 400),
        ({"pageIndex": "x"}, 400),
        ({"pageSize": None}, 400),
        ({"pageSize": 101}, 400),
        ({"operatorId": "999999999"}, -1),
    ],
)
def test_a_page_that_cannot_be_is_refused(
    city: City, query: dict[str, object], status: int
) -> None:
    assert city.records(**query)["status"] == status


def test_a_risk_notice_is_received(city: City) -> None:
    assert city.call("POST", "/risk", json=city.warning())["status"] == 200
    assert city.control.counters()["accepted_by_kind"] == {"safety-warning": 1}


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("operatorId", None),
        ("cellId", None),
        ("riskLevel", "high"),
        ("riskReason", None),
        ("platformDatetime", "today"),
    ],
)
def test_a_wrong_risk_notice_is_refused_with_its_field(
    city: City, field: str, wrong: str | None
) -> None:
    answer = city.call("POST", "/risk", json=city.warning(**{field: wrong}))
    assert answer["status"] == 400
    assert answer["message"].startswith(field)


@pytest.mark.parametrize("raw", [b"", b"{", b'{"power": NaN}', b"\xff\xfe"])
def test_a_body_that_is_not_json_is_refused(city: City, raw: bytes) -> None:
    headers = city.headers() | {"Content-Type": "application/json"}
    answer = city.call("POST", STATUS_PATH, headers, data=raw)
    assert (answer["status"], answer["message"]) == (400, "请求体不是合法的JSON")


def test_a_body_that_is_not_declared_as_json_is_refused(city: City) -> None:
    answer = city.call("POST", STATUS_PATH, data=b"{}")
    assert (answer["status"], answer["message"]) == (400, "Content-Type应为application/json")


def test_an_unknown_path_is_404_and_a_wrong_method_405(city: City) -> None:
    url = city.base_url
    assert city.session.get(f"{url}/platform/nothing", timeout=5).status_code == 404
    assert city.session.get(f"{url}{STATUS_PATH}", timeout=5).status_code == 405
