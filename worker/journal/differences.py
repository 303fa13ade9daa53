"""The differences that a reconciliation found: shown, and the missing ones told once more.

Telling what is missing again is safe, although it was accepted: the vendor itself has said that it
has not got it. What differs is there, and would be booked twice.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

from sqlalchemy import (
    Connection,
    Engine,
    RowMapping,
    Select,
    and_,
    func,
    select,
    update,
)

from worker.journal import tables
from worker.journal.engine import reading, writing
from worker.journal.listings import newest_first
from worker.journal.reconciliation import What
from worker.journal.reconciliation_tables import difference, reconciliation
from worker.journal.reopen import back_to_pending
from worker.journal.states import State
from worker.policies import Policy

BATCH = 500


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay did with the missing ones.

    Attributes:
        replayed: pending again.
        left: no longer as the reconciliation found them, and therefore not touched.
    """

    replayed: int = 0
    left: int = 0


def reconciliations(engine: Engine, *, vendor: str | None, limit: int) -> Iterator[RowMapping]:
    """Reconciliations, newest first; a limit of 0 means all."""
    query = select(reconciliation)
    if vendor is not None:
        query = query.where(reconciliation.c.vendor == vendor)
    return newest_first(engine, reconciliation, query, limit)


def differences(
    engine: Engine, reconciliation_id: int, *, what: What | None = None, limit: int
) -> Iterator[RowMapping]:
    """Those of one reconciliation, each with its report's state as `report_state`."""
    columns, report = difference.c, tables.report.c
    query = (
        select(difference, report.state.label("report_state"))
        .outerjoin(tables.report, report.id == columns.report_id)
        .where(columns.reconciliation_id == reconciliation_id)
    )
    if what is not None:
        query = query.where(columns.what == what.value)
    return newest_first(engine, difference, query, limit)


def plan(engine: Engine, reconciliation_id: int) -> Replayed:
    """What a replay would do now; writes nothing."""
    with reading(engine) as connection:
        found = _missing(reconciliation_id).subquery()
        as_found = func.count(found.c.report_id).filter(found.c.as_found)
        replayed, all_of_them = connection.execute(select(as_found, func.count())).one()
    return Replayed(replayed, all_of_them - replayed)


def replay(
    engine: Engine,
    reconciliation_id: int,
    policy: Policy,
    now: datetime,
    *,
    per_s: float,
    batch: int = BATCH,
) -> Replayed:
    """Put exactly the missing ones back to pending that were not put back yet.

    They become due one after the other, `per_s` a second. Each batch is a transaction.
    """
    replayed = left = after = 0
    while True:
        turns = (now + timedelta(seconds=n / per_s) for n in count(replayed))
        with writing(engine) as connection:
            query = _missing(reconciliation_id).where(difference.c.id > after)
            rows = connection.execute(
                query.order_by(difference.c.id)
                .limit(batch)
                .with_for_update(of=[tables.report, difference])
            ).all()
            chosen = [row for row in rows if row.as_found]
            due_at = dict(zip([row.report_id for row in chosen], turns, strict=False))
            why = f"missing by reconciliation {reconciliation_id}"
            back_to_pending(connection, list(due_at), policy, now, why, due_at=due_at)
            _mark(connection, [row.id for row in chosen], now)
        replayed += len(chosen)
        left += len(rows) - len(chosen)
        if len(rows) < batch:
            return Replayed(replayed, left)
        after = rows[-1].id


def _missing(reconciliation_id: int) -> Select[tuple[int, int, bool]]:
    """Those not replayed yet; `as_found`: accepted, and not told again since they were missed.

    Another reconciliation of the same day may have missed and replayed them as well.
    """
    columns, report = difference.c, tables.report.c
    as_found = and_(
        report.state == State.ACCEPTED.value, report.settled_at <= reconciliation.c.started_at
    )
    return (
        select(columns.id, columns.report_id, as_found.label("as_found"))
        .join(reconciliation, reconciliation.c.id == columns.reconciliation_id)
        .join(tables.report, report.id == columns.report_id)
        .where(
            columns.reconciliation_id == reconciliation_id,
            columns.what == What.MISSING.value,
            columns.replayed_at.is_(None),
        )
    )


def _mark(connection: Connection, ids: Sequence[int], now: datetime) -> None:
    connection.execute(update(difference).where(difference.c.id.in_(ids)).values(replayed_at=now))
