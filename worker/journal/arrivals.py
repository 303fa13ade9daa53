"""The events that callbacks brought: published until the intake has written them.

What was published may be lost with the broker. An event is therefore kept here until it stands in
the journal; publishing it twice does no harm, because the intake knows it by its identity.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, Exists, bindparam, delete, exists, select, update

from worker.events import Kind
from worker.journal import callback_tables as told
from worker.journal import tables
from worker.journal.engine import writing

BATCH = 500
LOOK_AGAIN_S = (5, 15, 60, 300)


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event for its queue: its JSON text, and what makes it the same one again."""

    kind: Kind
    identity: str
    body: str


def bring(connection: Connection, vendor: str, events: Sequence[Arrival], now: datetime) -> None:
    """Keep events until they have arrived; due for publishing at once."""
    if events:
        rows = [
            {
                "vendor": vendor,
                "kind": event.kind.value,
                "identity": event.identity,
                "body": event.body,
                "created_at": now,
                "due_at": now,
                "tries": 0,
            }
            for event in events
        ]
        connection.execute(told.callback_event.insert(), rows)


def due(engine: Engine, now: datetime) -> list[Arrival]:
    """Forget what has arrived; returns what is to be published, due again a while later."""
    columns = told.callback_event.c
    with writing(engine) as connection:
        rows = connection.execute(
            select(columns.id, columns.kind, columns.identity, columns.body, columns.tries)
            .add_columns(_arrived().label("arrived"))
            .where(columns.due_at <= now)
            .order_by(columns.due_at, columns.id)
            .limit(BATCH)
            .with_for_update(skip_locked=True, of=told.callback_event)
        ).all()
        arrived = [row.id for row in rows if row.arrived]
        waiting = [row for row in rows if not row.arrived]
        if arrived:
            connection.execute(delete(told.callback_event).where(columns.id.in_(arrived)))
        if waiting:
            later = [
                {"of": row.id, "at": now + timedelta(seconds=_wait_s(row.tries))} for row in waiting
            ]
            connection.execute(
                update(told.callback_event)
                .where(columns.id == bindparam("of"))
                .values(due_at=bindparam("at"), tries=columns.tries + 1),
                later,
            )
    return [Arrival(Kind(row.kind), row.identity, row.body) for row in waiting]


def _arrived() -> Exists:
    columns, event = told.callback_event.c, tables.event.c
    return exists().where(event.kind == columns.kind, event.identity == columns.identity)


def _wait_s(tries: int) -> float:
    return LOOK_AGAIN_S[min(tries, len(LOOK_AGAIN_S) - 1)]
