"""What nobody should ask, publish or answer, and somebody does."""

import pytest
from markupsafe import escape

from tests.worker.console.conftest import Browser
from tests.worker.console.test_console_pages import PLATE, refuse
from tests.worker.desk import Desk
from tests.worker.given import record
from worker.journal import tables


@pytest.mark.parametrize("plate", [PLATE, "KLM 998"])
def test_plates_are_known_by_their_fields_name_and_by_their_looks(
    li: Browser, desk: Desk, plate: str
) -> None:
    desk.accept(record(orderNo=f"A-{PLATE}", plateNo=plate, token="hush-hush", note="a"))
    desk.accept(
        record(orderNo=f"A-{PLATE}", plateNo=f"{plate}0", token="hushed", note=[{"plateNo": plate}])
    )
    for page in ("/decide", "/story/1", "/find?kind=charge-record", "/conflict-row/details/1"):
        html = li.page(page)
        assert plate not in html
        assert PLATE not in html
        assert "hush" not in html
    assert ">***<" in li.page("/decide")


def test_an_answer_with_half_a_surrogate_is_shown(li: Browser, desk: Desk) -> None:
    desk.accept(record())
    report = refuse(desk)
    with desk.engine.begin() as connection:
        connection.execute(tables.attempt.update().values(answer=r'{"said": "\ud800?"}'))
    for page in (f"/report/{report}", "/attempt-row/details/1"):
        assert "\\ud800?" in li.page(page)


@pytest.mark.parametrize("body", ["no JSON", "[1]", '{"a":' * 2000 + "1" + "}" * 2000, "1" * 5000])
def test_a_content_that_cannot_be_read_is_shown_as_it_is(
    li: Browser, desk: Desk, body: str
) -> None:
    """Another version of the program may have taken it."""
    desk.accept(record())
    desk.accept(record(totalMoney="99"))
    with desk.engine.begin() as connection:
        connection.execute(tables.event.update().values(body=body))
    page = li.page("/decide")
    assert str(escape(body[:5])) in page
    assert "totalMoney" in page
    for other in ("/story/1", "/event-row/details/1"):
        assert "1" in li.page(other)


@pytest.mark.parametrize("page", ["/story/", "/report/", "/event-row/details/"])
@pytest.mark.parametrize("number", ["4711", "-1", "1e9", "x", "%00", "9" * 30])
def test_what_is_not_there_is_said(li: Browser, page: str, number: str) -> None:
    answer = li.get(page + number)
    assert answer.status_code == 404
    assert "There is no" in answer.text or number == "4711"


ASKED = (
    "/find?term={}",
    "/replay?vendor={}",
    "/replay?subject={}",
    "/report-row/list?state={}",
    "/report-row/list?search={}",
    "/attempt-row/list?search={}",
    "/report-row/list?hours={}",
    "/report-row/list?page={}",
)


@pytest.mark.parametrize("page", ASKED)
def test_what_no_journal_holds_is_not_the_journals_fault(li: Browser, page: str) -> None:
    for value in ("%00", "a%00b", "%ED%A0%80", "9" * 30, "%27", "9999-12-31T23:59"):
        answer = li.get(page.format(value))
        assert answer.status_code in (200, 400)
        assert "does not answer" not in answer.text


@pytest.mark.parametrize("way", ["preview", "download"])
def test_no_file_is_read_that_a_row_names(li: Browser, desk: Desk, way: str) -> None:
    """The frame would: what a producer writes is a path within our directory."""
    desk.accept(record(orderNo="pyproject.toml"))
    answer = li.get(f"/event-row/1/subject/{way}/")
    assert answer.status_code == 404
    assert "chargerelay" not in answer.text
