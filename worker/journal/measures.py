"""How much of everything the journal holds that somebody may have to act upon.

Every number is counted by a partial index over just these rows, so that looking costs what is open
and not what there ever was; and the database itself ends a look that takes too long.
"""

import shutil
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Row, Table, TextClause, select, text

from worker.events import Kind
from worker.journal import callback_tables as told
from worker.journal import tables
from worker.journal.columns import Utc
from worker.journal.engine import reading

VendorKind = tuple[str, str]
STEPS = 10_000  # of SQLite's machine, between two looks at the clock: a millisecond or less


@dataclass(frozen=True, slots=True)
class Open:
    """The rows of a partial index, counted by some columns.

    SQLite is told the index, and PostgreSQL not to read the table: with statistics of a moment
    when nothing was open, or all, they would read another, or the history.
    """

    table: Table
    index: str
    by: tuple[str, ...]

    def statement(self, dialect: str, *more: str, where: str = "TRUE") -> TextClause:
        """Counts them as `n`; more may be computed, and fewer counted."""
        own = next(index for index in self.table.indexes if index.name == self.index)
        condition = own.dialect_options[dialect]["where"]
        indexed = f"INDEXED BY {self.index}" if dialect == "sqlite" else ""
        by = ", ".join(self.by)
        return text(
            f"SELECT {', '.join((by, 'count(*) AS n', *more))} FROM {self.table.name} {indexed} "  # noqa: S608 all of it is written here
            f"WHERE {condition} AND {where} GROUP BY {by}"
        )


LANE = ("vendor", "kind")
WAITING = Open(tables.report, "ix_report_due", LANE)
UNCLEAR = Open(tables.report, "ix_report_unclear", LANE)
SENDING = Open(tables.report, "ix_report_lease", LANE)
FOR_A_PERSON = Open(tables.report, "ix_report_shown", (*LANE, "state"))
REJECTS = Open(tables.reject, "ix_reject_kept", ("queue",))
CONFLICTS = Open(tables.conflict, "ix_conflict_undecided", ("kind",))
FAILED = Open(told.failed_report, "ix_failed_report_waiting", ("vendor",))


@dataclass(frozen=True, slots=True)
class Measures:
    """The journal at one moment; what is not named there is none.

    Attributes:
        reports: by vendor, kind and state, of the states that are not yet an end.
        due_at: of each lane in which something waits, when the first of it is due.
        taken_in_at: of each urgent lane, when the oldest report that waits was opened.
        paused_at: by vendor.
        breaker_steps: by vendor; 0: closed.
        not_before: by lane, while the vendor has asked to wait.
        failed_reports: that wait, by vendor.
        conflicts: undecided, by kind.
        rejects: not put back, by queue.
        size_bytes: of the database; SQLite's with its log.
        disk: bytes, and free bytes, of the disk it is on; None where only the server knows.
    """

    reports: dict[tuple[str, str, str], int]
    due_at: dict[VendorKind, datetime]
    taken_in_at: dict[VendorKind, datetime]
    paused_at: dict[str, datetime]
    breaker_steps: dict[str, int]
    not_before: dict[VendorKind, datetime]
    failed_reports: dict[str, int]
    conflicts: dict[str, int]
    rejects: dict[str, int]
    size_bytes: int
    disk: tuple[int, int] | None


def measure(engine: Engine, urgent: Collection[Kind], *, within_s: float) -> Measures:
    """Look once.

    Raises:
        SQLAlchemyError: the journal is away, or took longer than `within_s` for one statement.
    """
    with _hurried(engine, within_s) as connection:
        waiting = _waiting(connection, "min(due_at) AS due_at")
        hurried = _waiting(connection, "min(created_at) AS taken_in_at", _of_kinds(urgent))
        vendors = connection.execute(select(tables.vendor_state)).all()
        lanes = connection.execute(select(tables.lane_state)).all()
        return Measures(
            reports=_reports(connection, {lane: row.n for lane, row in waiting.items()}),
            due_at={lane: row.due_at for lane, row in waiting.items()},
            taken_in_at={lane: row.taken_in_at for lane, row in hurried.items()},
            paused_at={row.vendor: row.paused_at for row in vendors if row.paused_at},
            breaker_steps={row.vendor: row.breaker_step for row in vendors},
            not_before={(row.vendor, row.kind): row.not_before for row in lanes if row.not_before},
            failed_reports=_counts(connection, FAILED),
            conflicts=_counts(connection, CONFLICTS),
            rejects=_counts(connection, REJECTS),
            size_bytes=_size(connection),
            disk=_disk(engine),
        )


def undecided(engine: Engine, *, within_s: float) -> tuple[int, int]:
    """How many rejects are not put back, and conflicts without a decision.

    Raises:
        SQLAlchemyError: the journal is away, or took longer than `within_s` for one statement.
    """
    with _hurried(engine, within_s) as connection:
        rejects, conflicts = (_counts(connection, what) for what in (REJECTS, CONFLICTS))
        return sum(rejects.values()), sum(conflicts.values())


@contextmanager
def _hurried(engine: Engine, within_s: float) -> Iterator[Connection]:
    """A look that the database breaks off when it takes longer."""
    with reading(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SET LOCAL statement_timeout = {round(within_s * 1000)}")
            # With statistics of a moment when all waited, PostgreSQL would read the history.
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            yield connection
            return
        end = time.monotonic() + within_s
        driver: Any = connection.connection.driver_connection
        driver.set_progress_handler(lambda: time.monotonic() > end, STEPS)
        try:
            yield connection
        finally:
            driver.set_progress_handler(None, 0)


def _counts(connection: Connection, what: Open) -> dict[Any, int]:
    """By the columns, or by the column if there is but one."""
    rows = connection.execute(what.statement(connection.dialect.name)).all()
    return {row[0] if len(what.by) == 1 else tuple(row[:-1]): row.n for row in rows}


def _waiting(connection: Connection, first: str, where: str = "TRUE") -> dict[VendorKind, Row[Any]]:
    """By lane, with the first of some time in each."""
    statement = WAITING.statement(connection.dialect.name, first, where=where)
    name = first.rpartition(" ")[2]
    rows = connection.execute(statement.columns(**{name: Utc()})).all()
    return {(row.vendor, row.kind): row for row in rows}


def _of_kinds(kinds: Collection[Kind]) -> str:
    words = ", ".join(f"'{kind}'" for kind in kinds)
    return f"kind IN ({words})"


def _reports(
    connection: Connection, waiting: dict[VendorKind, int]
) -> dict[tuple[str, str, str], int]:
    """What waits is counted without its state, which its index has not; most of it is pending."""
    unclear = _counts(connection, UNCLEAR)
    sending = _counts(connection, SENDING)
    return (
        {(*lane, "pending"): max(0, n - unclear.get(lane, 0)) for lane, n in waiting.items()}
        | {(*lane, "unclear"): n for lane, n in unclear.items()}
        | {(*lane, "sending"): n for lane, n in sending.items()}
        | _counts(connection, FOR_A_PERSON)
    )


def _size(connection: Connection) -> int:
    if connection.dialect.name == "postgresql":
        asked = connection.exec_driver_sql("SELECT pg_database_size(current_database())")
        return int(asked.scalar_one())
    file = _file(connection.engine)
    parts = (file, file.with_name(f"{file.name}-wal"))
    return sum(part.stat().st_size for part in parts if part.exists())


def _disk(engine: Engine) -> tuple[int, int] | None:
    if engine.dialect.name != "sqlite":
        return None
    usage = shutil.disk_usage(_file(engine).parent)
    return usage.total, usage.free


def _file(engine: Engine) -> Path:
    return Path(str(engine.url.database))
