"""A person on call, in a real browser, before a relay at work.

RELAY_TEST_PICTURES names a folder: then the relay works for some minutes, with a bad one among
them, and the pages are kept there as pictures (`make pictures`).
"""

import itertools
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journey.browser import DESK, PHONE, chromium, installed, looking, picture
from tests.journey.relay import Relay, record, status, until
from tests.sandbox.callers import Control
from worker.journal.history import EVERY_S

PASSWORD = "correct horse battery"
BAD, ITS_KEY = "ORDER-000007", "395815801" + "20261120100000" + "0007"
PAGES = ("lanes", "find?term=C-007", "decide", "replay?state=refused", "report-row/list")

pytestmark = pytest.mark.skipif(installed() is None, reason="no Chromium is installed")


@pytest.fixture
def journal_url(sqlite_url: str) -> str:
    """The pages were looked at on both journals; here it is the browser's turn."""
    return sqlite_url


@pytest.fixture
def address(relay: Relay) -> str:
    """The console of a relay with a worker and a clock."""
    relay.environment["RELAY_CONSOLE_LOGINS"] = f"li:{PASSWORD}"
    relay.start_worker()
    relay.start_beat()
    return relay.start_callbacks() + "/console"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def look(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens a page; nothing may go wrong in any."""
    faults: list[str] = []
    opened = []

    def look(size: tuple[int, int] = DESK) -> Page:
        opened.append(looking(browser, size, faults))
        return opened[-1].__enter__()

    yield look
    for page in opened:
        page.__exit__(None, None, None)
    assert faults == []


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    return Path(os.environ.get("RELAY_TEST_PICTURES", tmp_path))


def log_in(page: Page) -> None:
    page.get_by_placeholder("Enter username").fill("li")
    page.get_by_placeholder("Password").fill(PASSWORD)
    page.get_by_role("button", name="Login").click()


def test_the_person_on_call_logs_in_finds_an_order_and_replays_it(
    relay: Relay, address: str, city: Control, look: Callable[..., Page], pictures: Path
) -> None:
    city.fault("reject_item", key=ITS_KEY, message="站点未登记")
    relay.publish("charge-record", *(record(n) for n in range(20) if n != 7))
    relay.publish("charge-record", record(7, startChargeSeq=ITS_KEY))
    until(lambda: relay.count("event") == 20, "all are journalled")
    relay.settle()
    page = look()
    for path in PAGES:
        page.goto(f"{address}/{path}")
        expect(page).to_have_url(f"{address}/login")
    page.goto(f"{address}/find?term={BAD}")
    expect(page).to_have_url(f"{address}/login")
    expect(page.get_by_text(BAD)).to_have_count(0)
    log_in(page)
    expect(page).to_have_url(f"{address}/find?term={BAD}")
    page.get_by_role("link", name=BAD).click()
    report = page.locator(".report", has_text="city-platform")
    expect(report).to_contain_text("refused")
    expect(report).to_contain_text("站点未登记")
    report.locator("summary").first.click()
    expect(report.locator("pre").first).to_contain_text(ITS_KEY)
    picture(page, pictures, "story")
    story = page.url
    city.call("DELETE", "faults")
    report.get_by_role("link", name="Replay").click()
    expect(page.get_by_text("Would be replayed: 1 report")).to_be_visible()
    picture(page, pictures, "replay")
    page.get_by_role("button", name="Replay 1 report").click()
    expect(page.get_by_role("status")).to_contain_text("replayed: 1 report")
    relay.settle()
    page.goto(story)
    expect(page.locator(".report", has_text="city-platform")).to_contain_text("accepted")
    assert city.keys().count(ITS_KEY) == 1
    page.goto(f"{address}/audit-row/list")
    expect(page.get_by_text("li@console")).to_have_count(1)


def test_the_person_on_call_pauses_a_vendor_and_resumes_it(
    relay: Relay, address: str, garage: Control, look: Callable[..., Page]
) -> None:
    page = look()
    page.goto(f"{address}/lanes")
    log_in(page)
    lane = page.locator('tr[data-vendor="mall-garage"]')
    lane.get_by_role("link", name="Pause").click()
    expect(page.get_by_text("Nothing is sent to mall-garage")).to_be_visible()
    page.get_by_role("link", name="Leave it").click()
    expect(lane).to_contain_text("idle")
    lane.get_by_role("link", name="Pause").click()
    page.get_by_role("textbox").fill("their maintenance")
    page.get_by_role("button", name="Pause mall-garage").click()
    expect(lane).to_contain_text("paused: their maintenance")
    relay.publish("charge-record", *(record(n) for n in range(9)))
    until(lambda: relay.states("city-platform") == {"accepted": 9}, "the other vendor is told")
    assert relay.states("mall-garage") == {"pending": 9}
    # The page looks again by itself.
    expect(lane.locator('td[data-label="waiting"]')).to_have_text("9")
    assert garage.keys() == []
    lane.get_by_role("link", name="Resume").click()
    page.get_by_role("button", name="Resume mall-garage").click()
    relay.settle()
    expect(lane).to_contain_text("idle")
    assert len(garage.keys()) == 9


def test_a_page_without_an_answer_says_that_it_is_old(address: str, browser: Browser) -> None:
    with looking(browser, DESK, []) as page:
        page.goto(f"{address}/lanes")
        log_in(page)
        said = page.get_by_text("The console does not answer")
        expect(said).to_be_hidden()
        page.context.set_offline(True)
        expect(said).to_be_visible()
        page.context.set_offline(False)
        expect(said).to_be_hidden()


def test_the_charts_show_what_was_told_and_every_page_fits_a_phone(
    relay: Relay,
    address: str,
    garage: Control,
    city: Control,
    look: Callable[..., Page],
    pictures: Path,
) -> None:
    work(relay, garage, city)
    page = look()
    page.goto(f"{address}/lanes")
    log_in(page)

    def told() -> float:
        history = page.request.get(f"{address}/history.json?over=900").json()
        return max((x or 0 for line in history["told_per_s"].values() for x in line), default=0)

    until(lambda: told() > 0, "somebody has looked at what was told")
    page.reload()
    expect(page.locator(".chart canvas")).to_have_count(3)
    expect(page.locator(".charts")).to_have_attribute("data-drawn", "900")
    expect(page.locator(".u-legend").first).to_contain_text("mall-garage")
    page.get_by_role("button", name="1 h", exact=True).click()
    expect(page.locator(".charts")).to_have_attribute("data-drawn", "3600")
    page.get_by_role("button", name="15 min").click()
    expect(page.locator(".charts")).to_have_attribute("data-drawn", "900")
    picture(page, pictures, "lanes")
    page.locator(".charts").screenshot(path=pictures / "console-charts.png")
    phone = look(PHONE)
    phone.goto(f"{address}/{PAGES[0]}")
    log_in(phone)
    for path in PAGES:
        phone.goto(f"{address}/{path}")
        expect(phone.get_by_text("ChargeRelay").first).to_be_visible()
        wide = phone.evaluate("document.documentElement.scrollWidth")
        assert wide <= PHONE[0], f"{path} is {wide} pixels wide"
        if path in ("lanes", "decide"):
            picture(phone, pictures, f"phone-{path}")
    phone.get_by_role("button", name="Toggle navigation").click()
    expect(phone.get_by_role("link", name="Decide")).to_be_visible()


def work(relay: Relay, garage: Control, city: Control) -> None:
    """Some events; for pictures some minutes of them, in which the garage is away now and then."""
    relay.publish("charge-record", b"{half an item", record(0, totalMoney="1.00"))
    numbers = itertools.count()
    if "RELAY_TEST_PICTURES" not in os.environ:
        relay.publish("charge-record", *(record(next(numbers)) for _ in range(50)))
        relay.settle()
        return
    city.fault("latency", ms=15)
    for second in range(36 * EVERY_S):
        if second in (10 * EVERY_S, 33 * EVERY_S):
            garage.fault("http_status", status=503)
        if second == 18 * EVERY_S:
            garage.call("DELETE", "faults")
        burst = 20 + 12 * (second // EVERY_S % 4)
        relay.publish("charge-record", *(record(next(numbers)) for _ in range(burst)))
        relay.publish("connector-status", *(status(n, second) for n in range(8)))
        time.sleep(1)
