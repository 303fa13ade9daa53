"""What only a person can decide: which of two contents holds; whether a reject is read again."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, Table, select, update

from worker.events import Event, Kind, parse
from worker.journal import tables
from worker.journal.content import hash_of_kept
from worker.journal.engine import writing
from worker.journal.reopen import back_to_pending
from worker.journal.states import State, replayable
from worker.policies import Policy
from worker.wire import NotAnEvent, read_json

Push = Callable[[str, bytes], object]
AnyRow = Row[*tuple[Any, ...]]


class CannotDecide(Exception):
    """The decision cannot be carried out; the message says why."""


def keep(engine: Engine, conflict_id: int, now: datetime) -> None:
    """The first content stays.

    Raises:
        CannotDecide: unknown, or decided already.
    """
    with writing(engine) as connection:
        _undecided(connection, conflict_id)
        _mark(connection, conflict_id, now, decision="kept")


def replace(
    engine: Engine, conflict_id: int, policies: Mapping[Kind, Policy], now: datetime
) -> int:
    """The second content takes the event's place, and whoever has a report of it is told anew.

    The first content is kept in the conflict's row. No report is opened for a vendor that only the
    second content would have concerned.

    Returns:
        How many reports wait again.

    Raises:
        CannotDecide: unknown, decided already, unreadable, or being sent right now.
    """
    with writing(engine) as connection:
        conflict = _undecided(connection, conflict_id)
        first = _locked(connection, tables.event, conflict.event_id)
        event = _event(conflict)
        ids = _reports_at_rest(connection, conflict)
        _mark(
            connection,
            conflict_id,
            now,
            decision="replaced",
            body=first.body,
            content_hash=hash_of_kept(Kind(conflict.kind), first.body),
            received_at=first.received_at,
        )
        _put_in_place(connection, conflict, event)
        why = f"conflict {conflict_id} replaced its content"
        back_to_pending(connection, ids, policies[event.kind], now, why)
    return len(ids)


def put_back(engine: Engine, reject_id: int, push: Push, now: datetime) -> str:
    """Put a reject back on its queue, once.

    It is pushed before it is marked: should the mark be lost, a second one is a duplicate, which
    the intake knows; the other way round it would be gone.

    Args:
        engine: the journal.
        reject_id: which.
        push: pushes an item to the left of the named queue.
        now: the time of the decision.

    Returns:
        The queue's name.

    Raises:
        CannotDecide: unknown, put back already, or kept only in part.
    """
    with writing(engine) as connection:
        reject = _locked(connection, tables.reject, reject_id)
        _check_can_go_back(reject)
        queue = str(reject.queue)
        push(queue, reject.raw)
        connection.execute(
            update(tables.reject).where(tables.reject.c.id == reject_id).values(put_back_at=now)
        )
    return queue


def _check_can_go_back(reject: AnyRow) -> None:
    if reject.put_back_at is not None:
        at = f"{reject.put_back_at:%Y-%m-%d %H:%M} UTC"
        raise CannotDecide(f"reject {reject.id} was put back already, at {at}")
    if reject.raw_bytes > len(reject.raw):
        raise CannotDecide(
            f"reject {reject.id} was kept only in part, {len(reject.raw)} of "
            f"{reject.raw_bytes} bytes (RELAY_REJECT_KEEP_BYTES): publish the original again"
        )


def _undecided(connection: Connection, conflict_id: int) -> AnyRow:
    conflict = _locked(connection, tables.conflict, conflict_id)
    if conflict.decision is not None:
        raise CannotDecide(f"conflict {conflict_id} was decided already: {conflict.decision}")
    return conflict


def _locked(connection: Connection, table: Table, row_id: int) -> AnyRow:
    row = connection.execute(select(table).where(table.c.id == row_id).with_for_update()).first()
    if row is None:
        raise CannotDecide(f"there is no {table.name} {row_id}")
    return row


def _event(conflict: AnyRow) -> Event:
    try:
        return parse(Kind(conflict.kind), read_json(conflict.body))
    except NotAnEvent as error:
        raise CannotDecide(f"conflict {conflict.id} cannot be read: {error}") from None


def _reports_at_rest(connection: Connection, conflict: AnyRow) -> list[int]:
    """The event's reports that a replay could take; none of them may be under way."""
    columns = tables.report.c
    rows = connection.execute(
        select(columns.id, columns.vendor, columns.state)
        .where(columns.event_id == conflict.event_id)
        .order_by(columns.id)
        .with_for_update()
    ).all()
    for row in rows:
        if row.state == State.SENDING:
            raise CannotDecide(
                f"conflict {conflict.id}: the first content is being sent to {row.vendor} "
                "right now; try again in a minute"
            )
    return [row.id for row in rows if row.state in replayable(again=True)]


def _put_in_place(connection: Connection, conflict: AnyRow, event: Event) -> None:
    connection.execute(
        update(tables.event)
        .where(tables.event.c.id == conflict.event_id)
        .values(
            body=conflict.body,
            received_at=conflict.received_at,
            occurred_at=event.occurred_at,
        )
    )
    connection.execute(
        update(tables.report)
        .where(tables.report.c.event_id == conflict.event_id)
        .values(occurred_at=event.occurred_at)
    )


def _mark(
    connection: Connection, conflict_id: int, now: datetime, *, decision: str, **kept: object
) -> None:
    connection.execute(
        update(tables.conflict)
        .where(tables.conflict.c.id == conflict_id)
        .values(decision=decision, decided_at=now, **kept)
    )
