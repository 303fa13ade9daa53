"""What only a process of its own shows: interrupts and pipes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import Engine

from tests.worker.rows import all_of, record, set_reports, states, take_in
from worker.cli.preview import ASK_ABOVE
from worker.events import Kind
from worker.journal import audit, tables
from worker.journal.engine import open_journal
from worker.journal.replay import BATCH
from worker.producer import PIPELINED

ROOT = Path(__file__).parents[3]
COMMAND = [sys.executable, "-c", "from worker import cli; cli.main()"]
Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts `chargerelay` with these arguments."""
    started: list[subprocess.Popen[bytes]] = []

    def start(
        *arguments: str, stdin: int = subprocess.PIPE, **environment: str
    ) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """Both ends of a terminal: the person's, the program's."""
    person, program = os.openpty()
    yield person, program
    os.close(person)
    os.close(program)


def until(holds: Callable[[], Any]) -> None:
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.02)


def test_an_interrupted_command_ends_with_130_and_no_traceback(
    start: Start, valkey_url: str, redis: Redis
) -> None:
    process = start("publish", "-", RELAY_BROKER_URL=valkey_url)
    assert process.stdin is not None
    process.stdin.write(b'{"kind": "charge-record"}\n' * PIPELINED)
    process.stdin.flush()
    until(lambda: redis.llen("charge-record") == PIPELINED)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert b"Traceback" not in err


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_reader_that_has_seen_enough_makes_no_noise(
    start: Start, engine: Engine, journal_url: str, form: list[str]
) -> None:
    take_in(engine, Kind.CHARGE_RECORD, [record(f"R{n}") for n in range(3000)])
    process = start("events", "--limit", "0", *form, RELAY_JOURNAL_URL=journal_url)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    process.stdout = None
    assert process.stderr.read() == b""
    process.wait(timeout=30)


@pytest.mark.parametrize(
    ("answer", "options", "state", "code"),
    [("n", [], "refused", 1), ("y", [], "pending", 0), ("", ["--yes"], "pending", 0)],
)
def test_on_a_terminal_a_large_replay_asks_first(
    start: Start,
    terminal: tuple[int, int],
    sqlite_url: str,
    answer: str,
    options: list[str],
    state: str,
    code: int,
) -> None:
    person, program = terminal
    engine = open_journal(sqlite_url)
    take_in(engine, Kind.CHARGE_RECORD, [record(f"R{n}") for n in range(ASK_ABOVE + 1)])
    set_reports(engine, {"vendor": "city"}, state="refused")
    os.write(person, f"{answer}\n".encode())
    command = ("replay", "--vendor", "city", *options)
    process = start(*command, stdin=program, RELAY_JOURNAL_URL=sqlite_url)
    _, err = process.communicate(timeout=30)
    assert process.returncode == code, err
    assert (b"Replay 101 reports?" in err) == (not options)
    assert set(states(engine).values()) == {state}
    engine.dispose()


@pytest.mark.parametrize(("answer", "state", "code"), [("n", "accepted", 1), ("y", "pending", 0)])
def test_on_a_terminal_telling_twice_is_explained_shown_and_asked_at_any_count(
    start: Start,
    terminal: tuple[int, int],
    sqlite_url: str,
    answer: str,
    state: str,
    code: int,
) -> None:
    person, program = terminal
    engine = open_journal(sqlite_url)
    take_in(engine, Kind.CHARGE_RECORD, [record("R1")])
    set_reports(engine, {"vendor": "city"}, state="accepted")
    command = ("replay", "--vendor", "city", "--again")
    process = start(*command, stdin=program, RELAY_JOURNAL_URL=sqlite_url)
    assert process.stderr is not None
    said = b""
    while b"Replay 1 report?" not in said:
        more = os.read(process.stderr.fileno(), 4096)
        assert more, said
        said += more
    answered_at = datetime.now(UTC)
    os.write(person, f"{answer}\n".encode())
    out, err = process.communicate(timeout=30)
    assert process.returncode == code, err
    assert said.index(b"books it twice") < said.index(b"Replay 1 report?")
    assert b"would be replayed: 1 report; nothing was written" in out
    (row,) = all_of(engine, tables.report)
    assert row["state"] == state
    assert (row["due_at"] >= answered_at) == (state == "pending")
    engine.dispose()


def test_an_interrupted_replay_leaves_an_audit_row_without_an_end(
    start: Start, sqlite_url: str
) -> None:
    engine = open_journal(sqlite_url)
    take_in(engine, Kind.CHARGE_RECORD, [record(f"R{n}") for n in range(40 * BATCH)])
    set_reports(engine, {"vendor": "city"}, state="refused")
    process = start("replay", "--vendor", "city", RELAY_JOURNAL_URL=sqlite_url)
    until(lambda: "pending" in states(engine).values())
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 130
    (row,) = all_of(engine, audit.audit)
    assert (row["act"], row["ended_at"], row["result"]) == ("replay", None, None)
    assert set(states(engine).values()) == {"pending", "refused"}
    engine.dispose()
