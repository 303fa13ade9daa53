"""Calls of a vendor that began something of which no call said the end."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Engine, Select, func, select, update

from worker.journal.callback_tables import callback
from worker.journal.engine import reading, writing
from worker.journal.reconciliation import What
from worker.journal.reconciliation_tables import difference

BATCH = 500
TAKEN = "taken"
# In what a difference says of the vendor's side.
CALLBACK, REQ = "callback", "req"


@dataclass(frozen=True, slots=True)
class Begun:
    """What a call began, and whether another said its end."""

    subject: str
    ended: bool


@dataclass(frozen=True, slots=True)
class Found:
    """A call that a reconciliation found in the vendor's log."""

    difference_id: int
    subject: str
    callback: str
    fields: Mapping[str, object]


def begun(
    engine: Engine, vendor: str, begins: str, ends: str, span: tuple[datetime, datetime]
) -> Iterator[Sequence[Begun]]:
    """Batches of what calls named `begins` began in the span, each once, in no order of time."""
    query = _begun(vendor, begins, ends, span).limit(BATCH)
    after = ""
    while True:
        with reading(engine) as connection:
            rows = connection.execute(query.where(callback.c.subject > after)).all()
        if rows:
            yield [Begun(row.subject, bool(row.ended)) for row in rows]
        if len(rows) < BATCH:
            return
        after = rows[-1].subject


def _begun(
    vendor: str, begins: str, ends: str, span: tuple[datetime, datetime]
) -> Select[tuple[str | None, bool]]:
    columns, end = callback.c, callback.alias("finish").c
    # Not an EXISTS, for which PostgreSQL may read all that ended, for each batch anew.
    finish = (
        select(end.id)
        .where(
            end.vendor == vendor,
            end.name == ends,
            end.subject == columns.subject,
            end.outcome == TAKEN,
        )
        .limit(1)
        .scalar_subquery()
    )
    since, until = span
    return (
        select(columns.subject, finish.is_not(None).label("ended"))
        .where(
            columns.vendor == vendor,
            columns.name == begins,
            columns.outcome == TAKEN,
            columns.received_at >= since,
            columns.received_at < until,
            columns.subject.is_not(None),
        )
        .distinct()
        .order_by(columns.subject)
    )


def count_found(engine: Engine, reconciliation_id: int) -> int:
    """How many calls a reconciliation found that were not taken in yet."""
    with reading(engine) as connection:
        query = select(func.count()).select_from(difference).where(*_waiting(reconciliation_id))
        return int(connection.execute(query).scalar_one())


def found(engine: Engine, reconciliation_id: int) -> Iterator[Found]:
    """The calls that a reconciliation found and that were not taken in yet."""
    after = 0
    query = select(difference.c.id, difference.c.subject, difference.c.theirs)
    query = query.where(*_waiting(reconciliation_id)).order_by(difference.c.id).limit(BATCH)
    while True:
        with reading(engine) as connection:
            rows = connection.execute(query.where(difference.c.id > after)).all()
        for row in rows:
            theirs = json.loads(row.theirs)
            yield Found(row.id, row.subject, theirs[CALLBACK], theirs[REQ])
        if len(rows) < BATCH:
            return
        after = rows[-1].id


def mark(engine: Engine, difference_id: int, now: datetime) -> None:
    """It was taken in."""
    with writing(engine) as connection:
        connection.execute(
            update(difference).where(difference.c.id == difference_id).values(replayed_at=now)
        )


def _waiting(reconciliation_id: int) -> tuple[ColumnElement[bool], ...]:
    columns = difference.c
    return (
        columns.reconciliation_id == reconciliation_id,
        columns.what == What.UNKNOWN.value,
        columns.replayed_at.is_(None),
        columns.theirs.startswith(f'{{"{CALLBACK}"'),
    )
