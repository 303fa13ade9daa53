"""What the city platform has of its records can be made to differ from what it was told."""

import pytest
import requests

from tests.sandbox.callers import Body, City


def seq(city: City, number: int) -> str:
    found: str = city.record(number)["startChargeSeq"]
    return found


def order(city: City, what: str, content: Body) -> requests.Response:
    return city.control.call("POST", what, json=content)


def listed(city: City, size: int = 100) -> list[str]:
    """The last digits of what all pages list."""
    found: list[str] = []
    for index in range(1, 100):
        page = city.records(pageIndex=index, pageSize=size)["data"]
        found += [body["startChargeSeq"][-1] for body in page["list"]]
        if not page["list"]:
            assert len(found) == page["total"]
            return found
    raise AssertionError("the pages never end")


def test_forgotten_records_are_missing_in_the_pages_only(city: City) -> None:
    city.report_records([city.record(number) for number in range(5)])
    lost = {"startChargeSeqs": [seq(city, 1), seq(city, 3), "another"]}
    assert order(city, "forget-records", lost).json() == {"forgotten": 2}
    assert listed(city, 2) == ["4", "2", "0"]
    assert len(city.control.keys()) == 5


def test_a_record_told_again_after_it_was_forgotten_is_no_repetition(city: City) -> None:
    city.report_record(1)
    order(city, "forget-records", {"startChargeSeqs": [seq(city, 1)]})
    city.report_record(1)
    assert city.control.counters()["repeated_items"] == 0
    assert listed(city) == ["1"]


def test_a_changed_record_is_listed_as_it_was_changed(city: City) -> None:
    city.report_records([city.record(1), city.record(2)])
    fields = {"totalPower": 1.5, "totalElecMoney": 0.01, "averagePower": None}
    change = {"startChargeSeq": seq(city, 1), "fields": fields}
    expected = city.record(1, **fields)
    assert order(city, "change-record", change).json() == expected
    assert city.records()["data"]["list"] == [city.record(2), expected]
    items = city.control.call("GET", "received").json()["items"]
    assert items[0]["body"] == city.record(1)


def test_a_change_ends_with_the_record_that_was_changed(city: City) -> None:
    city.report_record(1)
    order(city, "change-record", {"startChargeSeq": seq(city, 1), "fields": {"totalPower": 1}})
    order(city, "forget-records", {"startChargeSeqs": [seq(city, 1)]})
    city.report_record(1)
    assert city.records()["data"]["list"] == [city.record(1)]


def test_pages_list_the_oldest_first_where_that_was_ordered(city: City) -> None:
    city.report_records([city.record(number) for number in range(5)])
    assert order(city, "records-order", {"order": "oldest-first"}).status_code == 200
    assert listed(city, 2) == ["0", "1", "2", "3", "4"]
    order(city, "records-order", {"order": "newest-first"})
    assert listed(city, 2) == ["4", "3", "2", "1", "0"]


def test_unsorted_pages_list_each_record_once_and_always_in_the_same_order(city: City) -> None:
    city.report_records([city.record(number) for number in range(10)])
    order(city, "records-order", {"order": "unsorted"})
    digits = listed(city, 3)
    assert sorted(digits) == list("0123456789")
    assert digits not in (sorted(digits), sorted(digits, reverse=True))
    assert listed(city) == digits


def test_a_record_that_comes_between_two_unsorted_pages_is_listed(city: City) -> None:
    order(city, "records-order", {"order": "unsorted"})
    city.report_record(1)
    assert listed(city) == ["1"]
    city.report_record(2)
    assert sorted(listed(city)) == ["1", "2"]


def test_a_reset_forgets_records_and_their_order(city: City) -> None:
    order(city, "records-order", {"order": "oldest-first"})
    city.report_record(1)
    city.control.call("POST", "reset")
    assert listed(city) == []
    city.report_records([city.record(2), city.record(3)])
    assert listed(city) == ["3", "2"]


@pytest.mark.parametrize(
    ("what", "content", "message"),
    [
        ("forget-records", {}, "startChargeSeqs must be a list of text"),
        ("forget-records", {"startChargeSeqs": [7]}, "startChargeSeqs must be a list of text"),
        ("change-record", {"startChargeSeq": "x", "fields": {}}, "that of a stored record"),
        ("change-record", {"startChargeSeq": "x"}, "fields must be an object"),
        ("records-order", {"order": "random"}, "one of newest-first, oldest-first, unsorted"),
    ],
)
def test_a_wrong_control_call_is_explained(
    city: City, what: str, content: Body, message: str
) -> None:
    answer = order(city, what, content)
    assert (answer.status_code, message in answer.json()["message"]) == (400, True)
