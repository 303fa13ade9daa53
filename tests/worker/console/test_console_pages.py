import asyncio
import socket
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from redis import Redis
from sqlalchemy import Engine, event, select
from sqlalchemy.dialects import sqlite
from sqlmodel import Session

from tests.worker.console.conftest import Browser, Serve
from tests.worker.desk import CITY, RECORD, Desk, attempt
from tests.worker.given import record, status, warning
from tests.worker.rows import set_reports
from worker.console.tables import Reports
from worker.journal import gates
from worker.journal import history as journal
from worker.journal.accept import Unread
from worker.journal.clock import time_of
from worker.journal.engine import open_journal
from worker.journal.reconciliation_tables import ReconciliationRow
from worker.journal.tables import ReportRow
from worker.outcomes import Accepted, Refused

PLATE = "沪A12345"


def refuse(desk: Desk, reason: str = "no such park") -> int:
    """One refused record; its report's id."""
    (claim,) = desk.claim(RECORD)
    outcome = Refused(reason)
    desk.settle([claim], outcome, attempt(claim.report_id, outcome=outcome))
    return claim.report_id


def test_the_lanes_say_what_waits_and_what_holds_it_up(li: Browser, desk: Desk) -> None:
    desk.accept(*(record(n) for n in range(1234)))
    gates.pause(desk.engine, CITY, why="their maintenance", now=desk.now)
    page = li.page("/lanes")
    assert "1,234" in page
    assert "paused: their maintenance" in page
    assert "act/resume?vendor=city" in page


def test_a_lane_without_a_vendor_is_not_hidden(li: Browser, desk: Desk) -> None:
    desk.route = lambda _: ["gone"]
    desk.accept(record())
    page = li.page("/lanes")
    assert "not configured" in page
    assert "gone" in page


def test_what_stands_still_stands_at_the_top(li: Browser, still: list[str]) -> None:
    still.append("charge-record: 3 items wait")
    assert "charge-record: 3 items wait" in li.page("/lanes")


def test_while_the_broker_is_away_the_lanes_are_shown(serve: Serve, desk: Desk) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        browser = serve(broker_url=f"redis://127.0.0.1:{closed.getsockname()[1]}/0")
        browser.log_in()
        desk.accept(*(record(n) for n in range(1234)), unread=[Unread("not JSON", b"?", 1)])
        page = browser.page("/lanes")
        assert "1,234" in page
        assert page.count(">?<") == 3
        answer = browser.post("/act/put-back", row="1")
        assert answer.status_code == 503
        assert "The broker does not answer" in answer.text
        assert "not JSON" in browser.page("/decide")


def test_the_queues_are_counted(li: Browser, queue: Redis) -> None:
    queue.lpush("charge-record", *range(17))
    assert ">17<" in li.page("/lanes")


def test_what_waits_for_a_person_is_counted(li: Browser, desk: Desk) -> None:
    desk.accept(record(1), record(2), unread=[Unread("not JSON", b"?", 9)])
    desk.accept(record(2, totalMoney="99"))
    set_reports(desk.engine, {"subject": "A-1"}, state="refused")
    set_reports(desk.engine, {"subject": "A-2"}, state="held")
    page = li.page("/lanes").split('id="lanes"')[0]
    assert page.count("h2 mb-0 text-red") == 4


def test_the_charts_have_what_was_told(li: Browser, engine: Engine) -> None:
    now = time_of(engine)
    desk = Desk(engine, now - timedelta(seconds=10))
    journal.look(engine, desk.now)
    desk.accept(record())
    claims = desk.claim(RECORD)
    desk.settle(claims, Accepted(), attempt(claims[0].report_id, outcome=Accepted()))
    journal.look(engine, now)
    points = li.get("/history.json?over=900").json()
    assert len(points["at"]) == len(points["told_per_s"]["city"]) == 90
    assert max(rate or 0 for rate in points["told_per_s"]["city"]) == pytest.approx(0.1)
    assert li.get("/history.json?over=7").status_code == 400


def test_an_order_is_found_by_its_number(li: Browser, desk: Desk) -> None:
    desk.accept(record(1), record(2))
    page = li.page("/find?term=A-1")
    assert ">A-1<" in page
    assert ">A-2<" not in page
    assert "city" in page


def test_a_connector_finds_its_statuses(li: Browser, desk: Desk) -> None:
    desk.accept(status("C-7"), status("C-8"))
    page = li.page("/find?term=C-7")
    assert ">395815801/C-7<" in page
    assert "C-8" not in page


def test_a_connector_and_a_time_find_its_records(li: Browser, desk: Desk) -> None:
    desk.now = datetime.now(UTC)
    desk.accept(record(1, connectorId="C-7"), record(2, connectorId="C-77"))
    since = f"{desk.now - timedelta(hours=-7):%Y-%m-%dT%H:%M}"  # an hour ago in Asia/Shanghai
    page = li.page(f"/find?term=C-7&since={since}")
    assert ">A-1<" in page
    assert ">A-2<" not in page
    assert ">A-1<" not in li.page("/find?term=C-7")


def test_a_time_alone_finds_what_came_then(li: Browser, desk: Desk) -> None:
    """The page's times are Shanghai's: NOON is 20:00 there."""
    desk.accept(record(1))
    desk.forward(3600)
    desk.accept(record(2))
    page = li.page("/find?since=2024-05-01T20:00&until=2024-05-01T20:30")
    assert ">A-1<" in page
    assert ">A-2<" not in page


@pytest.mark.parametrize(
    "asked", ["since=yesterday", "kind=records", "until=2024-13-01", "since=0001-01-01T00:00"]
)
def test_what_cannot_be_read_is_said(li: Browser, asked: str) -> None:
    answer = li.get(f"/find?{asked}")
    assert answer.status_code == 400
    assert "cannot be read" in answer.text


def test_a_term_is_no_pattern_and_no_markup(li: Browser, desk: Desk) -> None:
    desk.accept(record())
    for term in ("%", "_-1", "<script>alert(1)</script>", "' OR 1=1 --"):
        page = li.get("/find", params={"term": term}).text
        assert "A-1" not in page
        assert "<script>alert" not in page


def test_a_story_tells_all(li: Browser, desk: Desk) -> None:
    desk.accept(record(plateNo=PLATE))
    report = refuse(desk)
    desk.accept(record(plateNo=PLATE), record(plateNo=PLATE, totalMoney="99"))
    answer = li.get(f"/report/{report}")
    assert answer.url.endswith(f"#report-{report}")
    page = answer.text
    for said in ("no such park", "POST", "https://platform.example/x", "HTTP 200", "12 ms"):
        assert said in page
    assert "1 times" in page
    assert "undecided" in page
    assert f"/replay?report={report}" in page


def test_plates_are_not_shown_whole(li: Browser, desk: Desk) -> None:
    desk.accept(record(plateNo=PLATE), unread=[Unread(f"what is {PLATE}?", PLATE.encode(), 9)])
    desk.accept(record(plateNo="沪A54321"))
    refuse(desk, f"no contract for {PLATE}")
    pages = ("/story/1", "/decide", "/find?term=A-1", "/report-row/list", "/event-row/details/1")
    for page in (*pages, "/reject-row/details/1", "/conflict-row/details/1"):
        assert PLATE not in li.page(page)
        assert "沪A54321" not in li.page(page)
    assert "沪A***45" in li.page("/story/1")


TABLES = {
    "report-row": "A-1",
    "event-row": "A-1",
    "attempt-row": "no such park",
    "failed-report-row": "No such rows",
    "callback-row": "No such rows",
    "reject-row": "not JSON",
    "conflict-row": "A-1",
    "reconciliation-row": "No such rows",
    "audit-row": "No such rows",
}


def test_the_tables_can_be_looked_through_and_not_changed(li: Browser, desk: Desk) -> None:
    desk.accept(record(), unread=[Unread("not JSON", b"?", 1)])
    desk.accept(record(totalMoney="99"))
    refuse(desk)
    for table, shown in TABLES.items():
        assert shown in li.page(f"/{table}/list")
        for way in ("create", "edit/1", "export/csv", "import", "ajax/lookup?name=id&term=1"):
            assert li.get(f"/{table}/{way}").status_code == 404
            assert li.post(f"/{table}/{way}").status_code == 404
        address = f"{li.base}/console/{table}/delete?pks=1"
        headers = {"Origin": li.base, "Content-Length": "0"}
        assert li.session.delete(address, headers=headers, timeout=30).status_code == 404


def test_a_table_is_narrowed_down(li: Browser, desk: Desk) -> None:
    desk.accept(record(1), record(2), warning())
    set_reports(desk.engine, {"subject": "A-1"}, state="refused")
    assert "A-2" not in li.page("/report-row/list?state=refused")
    assert "A-1" not in li.page("/report-row/list?search=A-2")
    assert "A-1" not in li.page("/report-row/list?kind=safety-warning")
    assert "A-1" not in li.page("/report-row/list?vendor=another")
    assert "A-1" in li.page("/report-row/list?vendor=city")
    assert "A-1" not in li.page("/report-row/list?hours=1")


def test_no_page_holds_up_the_server_while_the_journal_thinks(li: Browser, desk: Desk) -> None:
    """No statement in the loop's thread, which answers vendors' calls meanwhile."""
    desk.accept(record())
    refuse(desk)
    held_up: list[str] = []

    def look(_c: object, _k: object, statement: str, *_: object) -> None:
        with suppress(RuntimeError):
            asyncio.get_running_loop()
            held_up.append(statement)

    event.listen(Engine, "before_cursor_execute", look)
    try:
        for page in ("/lanes", "/history.json", "/find?term=A-1", "/story/1", "/decide"):
            li.page(page)
        for page in ("/replay?state=refused", "/act/pause?vendor=city", "/report-row/list?hours=1"):
            li.page(page)
        li.post("/act/pause", vendor="city")
    finally:
        event.remove(Engine, "before_cursor_execute", look)
    assert held_up == []


def test_no_search_of_an_order_walks_through_the_reports(sqlite_url: str) -> None:
    asked = Reports().search_query(select(ReportRow.id), "A-1")
    given = asked.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
    journal = open_journal(sqlite_url)
    with journal.connect() as connection:
        ways = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {given}").all()
    journal.dispose()
    assert [way for *_, way in ways if way.startswith("SCAN report")] == []


def test_a_journal_that_is_away_is_said(li: Browser, journal_url: str) -> None:
    away = open_journal(journal_url)
    with away.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE lane_tick RENAME TO elsewhere")
    away.dispose()
    answer = li.get("/history.json?over=900")
    assert answer.status_code == 503
    assert "The journal does not answer" in answer.text


def test_a_reconciliation_is_listed_with_what_it_found(li: Browser, desk: Desk) -> None:
    row = ReconciliationRow(
        vendor=CITY,
        kind=RECORD,
        day="2024-05-01",
        state="complete",
        started_at=desk.now,
        missing=4711,
    )
    with Session(desk.engine) as session:
        session.add(row)
        session.commit()
    page = li.page("/reconciliation-row/list")
    assert "2024-05-01" in page
    assert "4711" in page
