"""Two lists side by side in a scratch file: what we told, and what the vendor shows of it.

However long they are, what stands in memory is a page of each.
"""

import contextlib
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from worker.copies import Copy
from worker.journal.reconciliation import Difference, Total, What

CACHE_KIB = 4096
BATCH = 500
TABLES = """
CREATE TABLE ours (
    report_id INTEGER PRIMARY KEY, key TEXT, subject TEXT, expected INTEGER, there INTEGER,
    kwh TEXT, yuan TEXT, their_kwh TEXT, their_yuan TEXT
);
CREATE INDEX ours_key ON ours (key);
CREATE TABLE theirs (key TEXT PRIMARY KEY, occurred_at TEXT, kwh TEXT, yuan TEXT) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """A report of ours.

    Attributes:
        expected: the vendor has accepted it long enough ago, and must have it.
    """

    report_id: int
    subject: str
    copy: Copy
    expected: bool


class Ledger:
    """The comparison of one span."""

    def __init__(self, scratch: sqlite3.Connection, since: datetime, until: datetime) -> None:
        self._scratch = scratch
        self._since = since
        self._until = until

    def enter(self, entries: Iterable[Entry]) -> None:
        """Ours; a report that stands there already stays as it is."""
        self._scratch.executemany(
            "INSERT OR IGNORE INTO ours VALUES (?, ?, ?, ?, 0, ?, ?, NULL, NULL)",
            ((e.report_id, e.copy.key, e.subject, e.expected, *_amounts(e.copy)) for e in entries),
        )

    def tick_off(self, copies: Sequence[Copy]) -> None:
        """The vendor's; one that is not of the span says only that ours is there."""
        self._scratch.executemany(
            "UPDATE ours SET there = 1, their_kwh = ?, their_yuan = ? WHERE key = ?",
            ((*_amounts(copy), copy.key) for copy in copies),
        )
        self._scratch.executemany(
            "INSERT OR IGNORE INTO theirs VALUES (?, ?, ?, ?)",
            (
                (copy.key, copy.occurred_at.isoformat(), *_amounts(copy))
                for copy in copies
                if copy.occurred_at is not None and self._since <= copy.occurred_at < self._until
            ),
        )

    def last_entered(self) -> int:
        """The highest report id of ours; 0 without any."""
        found = self._scratch.execute("SELECT max(report_id) FROM ours").fetchone()
        return int(found[0] or 0)

    def enter_late(self, entries: Sequence[Entry]) -> None:
        """Ours that came while the vendor's were read; ticked off where the vendor has shown it."""
        self.enter(entries)
        self._scratch.executemany(
            "UPDATE ours SET (there, their_kwh, their_yuan) ="
            " (SELECT 1, kwh, yuan FROM theirs WHERE theirs.key = ours.key)"
            " WHERE report_id = ? AND EXISTS (SELECT 1 FROM theirs WHERE theirs.key = ours.key)",
            ((entry.report_id,) for entry in entries),
        )

    def unexpected(self) -> Iterator[list[int]]:
        """Batches of our reports that are there although nobody knew that they must be."""
        last = 0
        while True:
            rows = self._scratch.execute(
                "SELECT report_id FROM ours WHERE there AND NOT expected AND report_id > ?"
                " ORDER BY report_id LIMIT ?",
                (last, BATCH),
            ).fetchall()
            if not rows:
                return
            last = rows[-1][0]
            yield [report_id for (report_id,) in rows]

    def expect(self, report_ids: Sequence[int]) -> None:
        """The vendor has accepted them by now."""
        self._scratch.executemany(
            "UPDATE ours SET expected = 1 WHERE report_id = ?", ((one,) for one in report_ids)
        )

    def ours(self) -> Total:
        """Of what the vendor must have."""
        return _total(self._scratch.execute("SELECT kwh, yuan FROM ours WHERE expected"))

    def theirs(self) -> Total:
        """Of what the vendor has of the span."""
        return _total(self._scratch.execute("SELECT kwh, yuan FROM theirs"))

    def differences(self) -> Iterator[Difference]:
        """The missing, the differing and the unknown ones, in this order."""
        yield from self._missing()
        yield from self._differing()
        yield from self._unknown()

    def _missing(self) -> Iterator[Difference]:
        rows = self._scratch.execute(
            "SELECT report_id, subject, key, kwh, yuan FROM ours WHERE expected AND NOT there"
            " ORDER BY report_id"
        )
        for report_id, subject, key, kwh, yuan in rows:
            ours = {"key": key, "kwh": kwh, "yuan": yuan}
            yield Difference(What.MISSING, subject, report_id, ours=ours)

    def _differing(self) -> Iterator[Difference]:
        rows = self._scratch.execute(
            "SELECT report_id, subject, key, kwh, yuan, their_kwh, their_yuan FROM ours"
            " WHERE expected AND there AND (their_kwh <> kwh OR their_yuan <> yuan)"
            " ORDER BY report_id"
        )
        for report_id, subject, key, *amounts in rows:
            kwh, yuan, their_kwh, their_yuan = amounts
            yield Difference(
                What.DIFFERING,
                subject,
                report_id,
                ours={"key": key, "kwh": kwh, "yuan": yuan},
                theirs={"key": key, "kwh": their_kwh, "yuan": their_yuan},
            )

    def _unknown(self) -> Iterator[Difference]:
        rows = self._scratch.execute(
            "SELECT key, occurred_at, kwh, yuan,"
            " (SELECT max(report_id) FROM ours WHERE ours.key = theirs.key),"
            " (SELECT max(subject) FROM ours WHERE ours.key = theirs.key)"
            " FROM theirs WHERE NOT EXISTS"
            " (SELECT 1 FROM ours WHERE ours.key = theirs.key AND expected) ORDER BY key"
        )
        for key, occurred_at, kwh, yuan, report_id, subject in rows:
            theirs = {"key": key, "occurredAt": occurred_at, "kwh": kwh, "yuan": yuan}
            yield Difference(What.UNKNOWN, subject or key, report_id, theirs=theirs)


@contextmanager
def opened(folder: Path, since: datetime, until: datetime) -> Iterator[Ledger]:
    """A ledger in a file that is gone at the end, however that comes.

    Args:
        folder: where it is put; the system's own place if it is not there.
        since: the span begins.
        until: the span is over.
    """
    place = folder if folder.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="relay-ledger-", dir=place) as scratch:
        path = Path(scratch) / "ledger.sqlite3"
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
            for pragma in (
                "journal_mode = OFF",
                "synchronous = OFF",
                "temp_store = FILE",
                f"cache_size = -{CACHE_KIB}",
            ):
                connection.execute(f"PRAGMA {pragma}")
            connection.executescript(TABLES)
            connection.execute("BEGIN")  # one for all: nobody else looks
            yield Ledger(connection, since, until)


def _amounts(copy: Copy) -> tuple[str | None, str | None]:
    return _text(copy.kwh), _text(copy.yuan)


def _text(amount: Decimal | None) -> str | None:
    """In one spelling for one value, with two decimals at the least."""
    if amount is None:
        return None
    hundredths = amount.quantize(Decimal("0.01"))
    return f"{hundredths if hundredths == amount else amount.normalize():f}"


def _total(rows: Iterable[tuple[str | None, str | None]]) -> Total:
    count, kwh, yuan = 0, Decimal(0), Decimal(0)
    for energy, money in rows:
        count += 1
        kwh += Decimal(energy or 0)
        yuan += Decimal(money or 0)
    return Total(count, kwh, yuan)
