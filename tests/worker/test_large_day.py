"""A day of 100,000 records, of which the vendor lost one in a hundred."""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from tests.worker import large_day
from tests.worker.desk import POLICIES, RECORD, Desk
from tests.worker.large_day import NOW, SETTINGS, Platform
from tests.worker.vendors.scripted import make
from worker.journal import differences
from worker.journal.engine import open_journal
from worker.journal.reconciliation_tables import difference, reconciliation
from worker.outcomes import Accepted

MANY = 100_000
ROOT = Path(__file__).parents[2]
Measured = dict[str, Any]


def reconciled_elsewhere(url: str, count: int, folder: Path) -> Measured:
    """In a process of its own; how it ended, and its memory."""
    command = [sys.executable, "-m", "tests.worker.large_day", url, str(count), str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    measured: Measured = json.loads(done.stdout)
    return measured


def deliver(desk: Desk, platform: Platform) -> None:
    """Tell the platform whatever is due."""
    system = make("charging_station", SETTINGS, desk.clock)
    while claims := desk.claim(RECORD, limit=30):
        platform.send(system.request([claim.event for claim in claims]))
        desk.settle(claims, Accepted())


@pytest.fixture
def journal_of(sqlite_template: Path, tmp_path: Path) -> Callable[[int], str]:
    """Fills a journal with a day of so many records; its address."""

    def fill(count: int) -> str:
        path = tmp_path / f"{count}.sqlite3"
        path.write_bytes(sqlite_template.read_bytes())
        engine = open_journal(f"sqlite:///{path}")
        large_day.fill(engine, count)
        engine.dispose()
        return f"sqlite:///{path}"

    return fill


def test_the_lost_ones_of_100000_are_named_in_bounded_memory_told_again_and_there_once(
    journal_of: Callable[[int], str], tmp_path: Path
) -> None:
    few = reconciled_elsewhere(journal_of(MANY // 10), MANY // 10, tmp_path)
    url = journal_of(MANY)
    many = reconciled_elsewhere(url, MANY, tmp_path)
    assert (few["state"], many["state"]) == ("complete", "complete")
    assert many["peak_mb"] < 1.15 * few["peak_mb"], (few, many)

    desk = Desk(open_journal(url), now=NOW + timedelta(hours=1))
    (row,) = desk.all(reconciliation)
    assert (row.ours, row.theirs, row.missing) == (MANY, MANY - MANY // 100, MANY // 100)
    assert (row.differing, row.unknown) == (0, 0)
    assert (row.ours_kwh, row.ours_yuan) == ("1230000.00", "1230000.00")
    lost = [number for number in range(MANY) if large_day.is_lost(number)]
    named = desk.rows(select(difference.c.subject).where(difference.c.what == "missing"))
    assert [subject for (subject,) in named] == [f"ORDER-{number}" for number in lost]

    platform = Platform(MANY)
    for _ in range(2):
        differences.replay(desk.engine, row.id, POLICIES[RECORD], desk.now, per_s=50)
        desk.forward(3600)
        deliver(desk, platform)
    assert platform.told_again == dict.fromkeys(lost, 1)

    assert large_day.reconcile(desk.engine, platform, tmp_path, desk.now) == "complete"
    again = desk.all(reconciliation)[-1]
    assert (again.ours, again.theirs, again.missing) == (MANY, MANY, 0)
    desk.engine.dispose()
