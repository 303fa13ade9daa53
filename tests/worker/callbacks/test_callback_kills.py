"""The callback server is killed around its commit: the platform calls again, and that is that."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests

from tests.worker.callbacks.platform_caller import Platform, failure, risk
from tests.worker.callbacks.traces import left
from tests.worker.desk import Desk
from worker.journal import callback_tables as told

ROOT = Path(__file__).parents[3]
PATIENCE_S = 30


@contextmanager
def server(journal_url: str, death: str) -> Iterator[tuple[subprocess.Popen[str], Platform]]:
    """A process that serves, and its caller; by the real clock."""
    command = [sys.executable, "-m", "tests.worker.callbacks.mortal_server", journal_url, death]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        with requests.Session() as session:
            yield process, Platform(port, lambda: datetime.now(UTC), session)
    finally:
        process.kill()
        process.communicate()


def dies(journal_url: str, death: str, name: str, content: object) -> None:
    """The caller's connection breaks, because the server is no more."""
    with server(journal_url, death) as (process, platform):
        with pytest.raises(requests.ConnectionError):
            platform.post(name, content)
        assert process.wait(PATIENCE_S) == -signal.SIGKILL


def test_what_was_committed_before_the_kill_is_there_once_after_the_next_call(
    desk: Desk, journal_url: str
) -> None:
    dies(journal_url, "after-commit", "report-failure", failure("R-1"))
    assert [row.repeats for row in desk.all(told.failed_report)] == [0]
    dies(journal_url, "after-commit", "cell-risk", risk())
    assert len(desk.all(told.callback_event)) == 1
    with server(journal_url, "never") as (_, platform):
        platform.fails("R-1")
        platform.warns()
    assert [(row.request_id, row.repeats) for row in desk.all(told.failed_report)] == [("R-1", 1)]
    assert len(desk.all(told.callback_event)) == 1
    fates = [row.outcome for row in desk.all(told.callback)]
    assert fates == ["taken", "taken", "taken", "known"]


def test_what_was_not_committed_before_the_kill_is_not_there_and_is_taken_next_time(
    desk: Desk, journal_url: str
) -> None:
    dies(journal_url, "before-commit", "report-failure", failure("R-1"))
    dies(journal_url, "before-commit", "cell-risk", risk())
    assert left(desk) == []
    with server(journal_url, "never") as (_, platform):
        platform.fails("R-1")
        platform.warns()
    assert [(row.request_id, row.repeats) for row in desk.all(told.failed_report)] == [("R-1", 0)]
    assert [row.outcome for row in desk.all(told.callback)] == ["taken", "taken"]
    assert len(desk.all(told.callback_event)) == 1
