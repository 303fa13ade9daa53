from collections.abc import Sequence

import pytest
import requests

from tests.worker.vendors.city import (
    BASE,
    RISK_URL,
    SEQ,
    city,
    minus,
    record,
    status,
    success,
    warning,
)
from tests.worker.vendors.scripted import Clock, Script, answer, body
from worker.events import Event
from worker.exchange import Answer
from worker.outcomes import Absent, Accepted, Outcome, Unclear

OURS = {"startChargeSeq": SEQ, "cellId": "C-1"}


def rows(count: int, start: int = 0) -> list[dict[str, object]]:
    return [{"startChargeSeq": f"seq-{n}", "cellId": "C-9"} for n in range(start, start + count)]


@pytest.mark.parametrize(
    ("events", "path"),
    [
        ([status()], "/platform/report/chargingMetaInfo"),
        ([status()] * 2, "/platform/report/chargingMetaInfoList"),
        ([record()], "/platform/management/chargingRecord"),
        ([record()] * 30, "/platform/management/chargingRecordList"),
    ],
)
def test_one_goes_to_the_single_call_and_several_to_the_list_call(
    events: Sequence[Event], path: str
) -> None:
    request = city().request(events)
    assert (request.method, request.url) == ("POST", BASE + path)
    content = body(request)
    assert isinstance(content, list) == (len(events) > 1)


def test_a_base_url_may_have_a_path() -> None:
    request = city(base_url="https://x.example/api").request([status()])
    assert request.url == "https://x.example/api/platform/report/chargingMetaInfo"


def test_a_warning_goes_to_the_risk_url() -> None:
    request = city(risk_url=RISK_URL).request([warning()])
    assert (request.method, request.url) == ("POST", RISK_URL)


def test_statuses_and_records_are_always_wanted() -> None:
    assert all(city().wants(event) for event in (status(), record()))


def test_warnings_are_wanted_only_where_there_is_a_url_for_them() -> None:
    assert not city().wants(warning())
    assert city(risk_url=RISK_URL).wants(warning())


@pytest.mark.parametrize(
    "changes", [{"cleared": True}, {"vendor": "vendor-1"}, {"connectorId": None}]
)
def test_a_warning_that_the_interface_cannot_carry_is_not_wanted(
    changes: dict[str, object],
) -> None:
    assert not city(risk_url=RISK_URL).wants(warning(**changes))


def look(
    *answers: Answer, event: Event | None = None, clock: Clock | None = None
) -> tuple[Outcome | Absent, list[requests.PreparedRequest]]:
    script = Script(list(answers))
    return city(clock).look_up([event or record()], script.send)[0], script.sent


def test_the_pages_are_asked_for_as_the_document_has_them() -> None:
    _, sent = look(success({"list": rows(100), "total": 101}), success([OURS]))
    path = f"{BASE}/platform/management/chargingRecord?operatorId=395815801"
    assert [(r.method, r.url) for r in sent] == [
        ("GET", f"{path}&pageIndex=1&pageSize=100"),
        ("GET", f"{path}&pageIndex=2&pageSize=100"),
    ]


@pytest.mark.parametrize(
    "data",
    [
        {"list": [OURS], "total": 1},
        {"records": [*rows(3), OURS]},
        {"pageList": [OURS], "totalRecord": 1, "totalPage": 1},
        {"rows": [{"startChargeSeq": SEQ}]},
        [OURS],
    ],
)
def test_a_record_that_is_there_is_accepted(data: object) -> None:
    found, _ = look(success(data))
    assert isinstance(found, Accepted)


def test_it_is_found_under_its_own_seq_if_it_has_one() -> None:
    own = record(startChargeSeq="own", connectorId="7")
    found, _ = look(success([{"startChargeSeq": "own", "cellId": 7}]), event=own)
    assert isinstance(found, Accepted)


@pytest.mark.parametrize(
    "pages",
    [
        [{"list": [], "total": 0}],
        [[]],
        [{"list": rows(3), "total": 3}],
        [{"pageList": rows(3), "totalRecord": "3"}],
        [rows(3), []],
        [{"list": rows(100), "total": 102}, {"list": rows(2, 100), "total": 102}],
        [{"list": rows(100), "total": 100}, {"list": [], "total": 100}],
        [{"list": rows(100), "total": 100}, {"list": rows(100), "total": 100}],
    ],
)
def test_a_record_on_none_of_all_pages_is_absent(pages: list[object]) -> None:
    found, sent = look(*map(success, pages))
    assert isinstance(found, Absent)
    assert len(sent) == len(pages)


def test_a_short_page_alone_does_not_end_the_list() -> None:
    found, _ = look(success({"list": rows(20), "total": 21}), success([OURS]))
    assert isinstance(found, Accepted)


def test_a_full_page_does_not_end_the_list_whatever_its_total() -> None:
    found, _ = look(success({"list": rows(100), "total": 100}), success([OURS]))
    assert isinstance(found, Accepted)


def test_another_order_with_the_same_seq_is_not_ours() -> None:
    found, _ = look(success({"list": [OURS | {"cellId": "C-2"}], "total": 1}))
    assert isinstance(found, Absent)


def test_a_server_that_always_gives_the_same_page_is_given_up() -> None:
    found, sent = look(*[success(rows(100))] * 60)
    assert isinstance(found, Unclear)
    assert len(sent) == 2


def test_pages_without_an_order_are_given_up_after_so_many() -> None:
    found, sent = look(*[success(rows(100, 100 * n)) for n in range(60)])
    assert isinstance(found, Unclear)
    assert len(sent) == 50


def test_a_server_that_is_slow_is_given_up() -> None:
    clock = Clock()
    script = Script([success(rows(100, start=n * 100)) for n in range(60)])

    def slow(request: requests.Request) -> Answer:
        clock.forward(seconds=6)
        return script.send(request)

    assert isinstance(city(clock).look_up([record()], slow)[0], Unclear)
    assert len(script.sent) == 4


@pytest.mark.parametrize(
    "given",
    [
        success("上报成功"),
        success(None),
        success({"list": None, "total": 0}),
        success({"items": []}),
        success([{"start_charge_seq": SEQ}]),
        success([SEQ]),
        minus("pageIndex不能为空"),
        minus("系统繁忙"),
        answer(b"", 429),
        answer(b"", 500),
        answer(b"[]"),
    ],
)
def test_what_cannot_be_read_is_unclear_and_never_absent(given: Answer) -> None:
    found, _ = look(given)
    assert isinstance(found, Unclear)


def test_only_records_can_be_looked_up() -> None:
    found, sent = look(event=status())
    assert isinstance(found, Unclear)
    assert not sent
