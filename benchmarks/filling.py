"""Journals with a past and with work, filled by the database itself."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy
from sqlalchemy import Connection, bindparam, text

from benchmarks.peers.given import record
from benchmarks.waiting import LIMIT_S
from worker.journal.columns import Utc

CHUNK = 100_000
VENDOR = "gate"
NUMBER = "@"
ANSWER = '{"result":0,"description":"成功"}'

EVENTS = """
WITH RECURSIVE n(i) AS
  (SELECT CAST(:first AS INTEGER) UNION ALL SELECT i + 1 FROM n WHERE i < :last)
INSERT INTO event (kind, identity, subject, occurred_at, received_at, body, duplicates)
SELECT 'charge-record', '0-' || i, '0-' || i, :at, :at,
  replace(CAST(:body AS TEXT), '@', CAST(i AS TEXT)), 0
FROM n
"""
REPORTS = """
WITH given AS (SELECT CAST(:vendor AS TEXT) AS vendor, CAST(:state AS TEXT) AS state)
INSERT INTO report (event_id, vendor, kind, subject, latest_wins, occurred_at, state, due_at,
  tries, outcome, reason, created_at, settled_at)
SELECT event.id, given.vendor, event.kind, event.subject, 0, occurred_at, given.state, received_at,
  0, CASE WHEN given.state = 'accepted' THEN 'accepted' END,
  CASE WHEN given.state = 'accepted' THEN '成功' END, received_at,
  CASE WHEN given.state = 'accepted' THEN received_at END
FROM event CROSS JOIN given WHERE event.id BETWEEN :first AND :last ORDER BY event.id
"""
ATTEMPTS = """
INSERT INTO attempt (vendor, kind, started_at, duration_ms, method, url, http_status, vendor_code,
  outcome, reason, reports, request, answer)
SELECT CAST(:vendor AS TEXT), kind, received_at, 20, 'POST', 'https://garage.example/record', 200,
  '0', 'accepted', '成功', 1, body, CAST(:answer AS TEXT)
FROM event WHERE id BETWEEN :first AND :last ORDER BY id
"""
LINKS = """
INSERT INTO attempt_report (attempt_id, report_id)
SELECT id, id FROM attempt WHERE id BETWEEN :first AND :last
"""


@dataclass(frozen=True, slots=True)
class Filling:
    """How much is in a journal: charge records for one vendor.

    Attributes:
        settled: accepted long ago, each by an attempt of its own.
        waiting: due now.
        age_days: how long ago the settled ones were.
    """

    settled: int = 0
    waiting: int = 0
    age_days: float = 10


EMPTY = Filling()


def fill(url: str, filling: Filling) -> None:
    """Fill a migrated, empty journal, and let the database learn what is in it."""
    postgres = url.startswith("postgresql")
    timeout = {"options": f"-c statement_timeout={LIMIT_S * 1000:.0f}"} if postgres else {}
    engine = sqlalchemy.create_engine(url, connect_args=timeout)
    try:
        now = datetime.now(UTC)
        long_ago = now - timedelta(days=filling.age_days)
        with engine.begin() as connection:
            for first, last in _chunks(0, filling.settled):
                _settled(connection, first, last, long_ago)
        with engine.begin() as connection:
            for first, last in _chunks(filling.settled, filling.waiting):
                _enter(connection, first, last, now - timedelta(minutes=5), "pending")
        learn = "VACUUM ANALYZE" if postgres else "ANALYZE"
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(learn)
    finally:
        engine.dispose()


def _settled(connection: Connection, first: int, last: int, at: datetime) -> None:
    """Their attempts get the numbers of their reports, since there are no others before them."""
    _enter(connection, first, last, at, "accepted")
    span = {"first": first, "last": last}
    connection.execute(text(ATTEMPTS), span | {"vendor": VENDOR, "answer": ANSWER})
    connection.execute(text(LINKS), span)


def _enter(connection: Connection, first: int, last: int, at: datetime, state: str) -> None:
    span = {"first": first, "last": last}
    body = json.dumps(record(0) | {"orderNo": f"0-{NUMBER}"}, ensure_ascii=False)
    events = text(EVENTS).bindparams(bindparam("at", type_=Utc))
    connection.execute(events, span | {"at": at, "body": body})
    connection.execute(text(REPORTS), span | {"vendor": VENDOR, "state": state})


def _chunks(before: int, size: int) -> list[tuple[int, int]]:
    """First and last numbers, after so many."""
    return [
        (before + start + 1, before + min(start + CHUNK, size)) for start in range(0, size, CHUNK)
    ]
