"""The Chromium that is installed, without a window; and what it saw."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DESK, PHONE = (1280, 900), (390, 844)
PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)


def installed() -> str | None:
    """Where a Chromium is; RELAY_TEST_CHROMIUM names another."""
    given = os.environ.get("RELAY_TEST_CHROMIUM")
    return given or next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Started, and ended with the block."""
    with sync_playwright() as player:
        # A container's user may be root, for which Chromium has no sandbox; pages are our own.
        browser = player.chromium.launch(executable_path=installed(), args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def looking(browser: Browser, size: tuple[int, int], faults: list[str]) -> Iterator[Page]:
    """A page of a size; what goes wrong in it is added to the faults."""
    width, height = size
    context = browser.new_context(
        viewport={"width": width, "height": height}, locale="en-GB", timezone_id="Asia/Shanghai"
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.on("console", lambda said: said.type == "error" and faults.append(said.text))
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    yield page
    context.close()


def picture(page: Page, folder: Path, name: str) -> None:
    """Keep what the page looks like."""
    path = folder / f"console-{name}.png"
    page.screenshot(path=path, full_page=True)
    assert path.stat().st_size > 10_000
