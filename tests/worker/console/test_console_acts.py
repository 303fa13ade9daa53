import json
import re

import pytest
from redis import Redis

from tests.worker.console.conftest import WANG, Browser
from tests.worker.desk import CITY, RECORD, Desk, attempt
from tests.worker.given import record
from tests.worker.rows import set_reports
from worker.journal import audit, tables
from worker.journal.accept import Unread
from worker.journal.clock import time_of
from worker.outcomes import Accepted, Refused


def acts(desk: Desk) -> list[tuple[str, str, object, object]]:
    """Who did what, what was asked and what came of it."""
    return [
        (row.who, row.act, json.loads(row.asked), row.result and json.loads(row.result))
        for row in desk.all(audit.audit)
    ]


def refused(desk: Desk, count: int = 1) -> None:
    desk.accept(*(record(n) for n in range(count)))
    claims = desk.claim(RECORD)
    outcome = Refused("no such park")
    desk.settle(claims, outcome, *(attempt(c.report_id, outcome=outcome) for c in claims))


def agree(browser: Browser, page: str) -> str:
    """What a person's second click sends, as the page has it; the next page."""
    html = browser.page(page)
    form = html[
        html.rindex('<form method="post"')
        if '<form method="post"' in html
        else html.index('method="post"') :
    ]
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form))
    answer = browser.post(page.partition("?")[0], **hidden)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_a_vendor_is_paused_for_a_reason_and_resumed(li: Browser, desk: Desk) -> None:
    li.log_in(WANG)
    asked = li.page("/act/pause?vendor=city")
    assert "Nothing is sent to city until somebody resumes it" in asked
    assert acts(desk) == []
    said = li.post("/act/pause", vendor="city", why="maintenance")
    assert "city is paused" in said.text
    assert "paused: maintenance" in said.text
    assert "city is resumed" in agree(li, "/act/resume?vendor=city")
    assert acts(desk) == [
        ("wang@console", "pause", {"vendor": "city", "why": "maintenance"}, {}),
        ("wang@console", "resume", {"vendor": "city"}, {"was_paused": True}),
    ]


@pytest.mark.parametrize("page", ["/act/pause?vendor=nobody", "/act/pause", "/act/explode?row=1"])
def test_nothing_is_done_to_what_is_not_there(li: Browser, desk: Desk, page: str) -> None:
    assert li.get(page).status_code == 404
    path, _, query = page.partition("?")
    assert li.post(path, **dict([query.split("=")] if query else [])).status_code == 404
    assert acts(desk) == []


def test_a_reason_that_no_journal_holds_is_not_the_journals_fault(li: Browser) -> None:
    answer = li.post("/act/pause", vendor="city", why="a\0b")
    assert answer.status_code in (200, 400)
    assert "journal does not answer" not in answer.text


@pytest.mark.parametrize("row", ["", "x", "-1", "9" * 30, "1 OR 1"])
def test_a_row_is_a_number(li: Browser, desk: Desk, row: str) -> None:
    assert li.post("/act/keep", row=row).status_code == 404
    assert acts(desk) == []


def test_a_conflict_is_shown_field_by_field_and_decided(li: Browser, desk: Desk) -> None:
    desk.accept(record(1), record(2))
    desk.accept(record(1, totalMoney="99.00"), record(2, totalMoney="99.00"))
    page = li.page("/decide")
    assert "totalMoney" in page
    assert "12.30" in page
    assert "99.00" in page
    assert "the first content stays" in agree(li, "/act/keep?row=1")
    assert "for 1 report to be sent anew" in agree(li, "/act/replace?row=2")
    decided = [row.decision for row in desk.all(tables.conflict)]
    assert decided == ["kept", "replaced"]
    assert "None waits for a decision" in li.page("/decide")
    assert [act for _, act, *_ in acts(desk)] == ["conflicts --keep", "conflicts --replace"]


def test_what_is_decided_twice_is_said_and_not_done(li: Browser, desk: Desk) -> None:
    desk.accept(record())
    desk.accept(record(totalMoney="99"))
    agree(li, "/act/keep?row=1")
    assert "Not done: conflict 1 was decided already" in agree(li, "/act/replace?row=1")


def test_a_reject_goes_back_to_its_queue(li: Browser, desk: Desk, queue: Redis) -> None:
    desk.accept(unread=[Unread("not JSON", b"half a thing", 12)])
    assert "half a thing" in li.page("/decide")
    assert "Reject 1 is back on charge-record" in agree(li, "/act/put-back?row=1")
    assert queue.lrange("charge-record", 0, -1) == [b"half a thing"]
    assert "half a thing" not in li.page("/decide")


def test_a_replay_is_shown_before_it_is_done(li: Browser, desk: Desk) -> None:
    refused(desk, 3)
    page = li.page("/replay?vendor=city&state=refused")
    assert "Would be replayed: 3 reports" in page
    assert "Replay 3 reports" in page
    assert set(desk.states().values()) == {"refused"}
    assert "replayed: 3 reports" in agree(li, "/replay?vendor=city&state=refused")
    assert set(desk.states().values()) == {"pending"}
    ((who, act, asked, result),) = acts(desk)
    assert (who, act) == ("li@console", "replay")
    assert asked == {"vendor": "city", "states": ["refused"], "again": False, "per_second": 50}
    assert isinstance(result, dict)
    assert result["replayed"] == 3


def test_one_report_is_replayed(li: Browser, desk: Desk) -> None:
    refused(desk, 2)
    first, second = desk.states()
    agree(li, f"/replay?report={second}")
    assert desk.states() == {first: "refused", second: "pending"}


def test_what_was_accepted_is_told_again_only_on_purpose(li: Browser, desk: Desk) -> None:
    desk.now = time_of(desk.engine)
    desk.accept(record())
    desk.settle(desk.claim(RECORD), Accepted())
    assert "are replayed only with" in li.page("/replay?state=accepted")
    assert "Replay 1 report" not in li.page("/replay?vendor=city")
    page = li.page("/replay?vendor=city&again=on")
    assert "books it twice" in page
    agree(li, "/replay?vendor=city&again=on")
    assert set(desk.states().values()) == {"pending"}


def test_what_was_accepted_after_the_preview_is_not_told_again(li: Browser, desk: Desk) -> None:
    refused(desk)
    html = li.page(f"/replay?vendor={CITY}&again=on")
    shown_at = re.findall(r'name="asked_at" value="([^"]+)"', html)[0]
    set_reports(desk.engine, {}, state="accepted", settled_at=time_of(desk.engine))
    said = li.post("/replay", vendor=CITY, again="on", asked_at=shown_at).text
    assert "nothing was replayed" in said
    assert set(desk.states().values()) == {"accepted"}


@pytest.mark.parametrize(
    "form",
    [
        {"asked_at": "2024-05-01T12:00:00+00:00"},
        {"vendor": "city"},
        {"vendor": "city", "asked_at": "now"},
        {"vendor": "city", "asked_at": "9999-12-31T23:59:59-12:00"},
        {"state": "accepted", "asked_at": "2024-05-01T12:00:00+00:00"},
        {"state": "superseded", "asked_at": "2024-05-01T12:00:00+00:00"},
    ],
)
def test_nothing_is_replayed_that_no_preview_showed(
    li: Browser, desk: Desk, form: dict[str, str]
) -> None:
    refused(desk)
    assert li.post("/replay", **form).status_code == 400
    assert acts(desk) == []


def test_without_any_field_nothing_is_planned(li: Browser, desk: Desk) -> None:
    refused(desk)
    assert "Fill in at least one field" in li.page("/replay?again=on")
