"""A journal with a long history, filled by the database itself."""

from datetime import datetime, timedelta

from sqlalchemy import Engine, bindparam, text

from tests.worker.rows import NOW
from worker.journal.columns import Utc

CHUNKS = 10

# Of ten events two are refused records, two are accepted ones and six are statuses, each of a
# connector of its own: one of them expired, the others wait.
EVENTS = """
WITH RECURSIVE n(i) AS
  (SELECT CAST(:first AS INTEGER) UNION ALL SELECT i + 1 FROM n WHERE i < :last)
INSERT INTO event (kind, identity, subject, occurred_at, received_at, body, duplicates)
SELECT CASE WHEN i % 10 < 4 THEN 'charge-record' ELSE 'connector-status' END,
  'X' || i, 'X' || i, :at, :at, '{}', 0
FROM n
"""
CONNECTORS = """
INSERT INTO connector (subject, connector_id, status, occurred_at, event_id)
SELECT subject, subject, 1, occurred_at, id FROM event
WHERE kind = 'connector-status' AND received_at = :at
"""
REPORTS = """
INSERT INTO report (event_id, vendor, kind, subject, latest_wins, occurred_at, state, due_at, tries,
  created_at)
SELECT id, 'city', kind, subject, CASE WHEN kind = 'charge-record' THEN 0 ELSE 1 END, occurred_at,
  CASE id % 10 WHEN 0 THEN 'refused' WHEN 1 THEN 'refused' WHEN 2 THEN 'accepted'
    WHEN 3 THEN 'accepted' WHEN 4 THEN 'expired' ELSE 'pending' END,
  occurred_at, 3, received_at
FROM event WHERE received_at = :at
"""


def fill(engine: Engine, events: int) -> None:
    """Fill an empty journal; each tenth of the events was taken in an hour after the last one."""
    size = events // CHUNKS
    for chunk in range(CHUNKS):
        span = {"first": chunk * size + 1, "last": (chunk + 1) * size, "at": taken_in(chunk)}
        with engine.begin() as connection:
            for statement in (EVENTS, CONNECTORS, REPORTS):
                given = {name: value for name, value in span.items() if f":{name}" in statement}
                typed = text(statement).bindparams(bindparam("at", type_=Utc))
                connection.execute(typed, given)
    with engine.begin() as connection:
        connection.execute(text("ANALYZE"))


def taken_in(chunk: int) -> datetime:
    """When the events of a tenth, counted from 0, were taken in."""
    return NOW + timedelta(hours=chunk)
