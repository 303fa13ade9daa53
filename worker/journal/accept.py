"""Intake's one transaction: events in, duplicates out, a report per vendor, the newest status."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter

from sqlalchemy import Connection, Engine, bindparam, select, update
from sqlalchemy.exc import StatementError

from worker.events import Event, Kind
from worker.journal import opening, tables
from worker.journal.chunks import chunks
from worker.journal.content import hash_of, hash_of_kept
from worker.journal.engine import away, insert, unstorable, writing
from worker.journal.opening import Fresh, Lane, Route
from worker.policies import Policy


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event with the JSON text that is kept of it."""

    event: Event
    body: str


@dataclass(frozen=True, slots=True)
class Unread:
    """An item that could not be read: why, as much of it as is kept, and its whole size.

    Attributes:
        subject: whom it seems to be about, for the log; None if nothing says so.
    """

    reason: str
    raw: bytes
    raw_bytes: int
    subject: str | None = None


@dataclass(slots=True)
class Accepted:
    """What became of a batch.

    Attributes:
        conflicting: the subjects of the conflicts.
    """

    events: int = 0
    duplicates: int = 0
    conflicts: int = 0
    rejects: int = 0
    superseded: int = 0
    repeated_batch: bool = False
    lanes: set[Lane] = field(default_factory=set)
    conflicting: list[str] = field(default_factory=list)


def accept(
    engine: Engine,
    batch_id: str,
    queue: Kind,
    arrivals: Sequence[Arrival],
    unread: Sequence[Unread],
    *,
    policies: Mapping[Kind, Policy],
    route: Route,
    now: datetime,
    tell_all: Container[str] = (),
) -> Accepted:
    """Write one batch, exactly once: a batch id that is known already changes nothing.

    Args:
        engine: the journal.
        batch_id: given when the batch was taken from its queue.
        queue: where it was taken from.
        arrivals: in the order in which they were published.
        unread: becomes rejects.
        policies: the rules of each kind.
        route: the vendors that take an event.
        now: the time of intake.
        tell_all: vendors that are told of every status, not of the newest only.
    """
    result = Accepted()
    with writing(engine) as connection:
        if not _first_time(connection, batch_id, now):
            return Accepted(repeated_batch=True)
        result.rejects = _reject(connection, queue, unread, now)
        if arrivals:
            fresh = _insert_events(connection, arrivals, result, policies, now)
            opened = opening.open_reports(connection, fresh, policies, route, now, tell_all)
            result.lanes, result.superseded = opened.lanes, opened.superseded
    return result


def fault(engine: Engine, arrival: Arrival) -> str | None:
    """Why the database cannot hold this event, tried and undone; None if it can.

    Raises:
        SQLAlchemyError: the database is away; that says nothing about the event.
    """
    with engine.connect() as connection, connection.begin() as trial:
        try:
            row = _event_row(arrival, arrival.event.occurred_at)
            connection.execute(insert(connection, tables.event).on_conflict_do_nothing(), [row])
        except StatementError as error:
            if unstorable(error):
                return away(error)
            raise
        finally:
            trial.rollback()
    return None


def _event_row(arrival: Arrival, now: datetime) -> dict[str, object]:
    event = arrival.event
    return {
        "kind": event.kind.value,
        "identity": event.identity,
        "subject": event.subject,
        "occurred_at": event.occurred_at,
        "received_at": now,
        "body": arrival.body,
        "duplicates": 0,
    }


def _first_time(connection: Connection, batch_id: str, now: datetime) -> bool:
    statement = insert(connection, tables.intake_batch).on_conflict_do_nothing()
    statement = statement.returning(tables.intake_batch.c.id)
    row = connection.execute(statement, [{"id": batch_id, "accepted_at": now}]).first()
    return row is not None


def _reject(connection: Connection, queue: Kind, unread: Sequence[Unread], now: datetime) -> int:
    if unread:
        rows = [
            {
                "queue": queue.value,
                "received_at": now,
                "reason": item.reason,
                "raw": item.raw,
                "raw_bytes": item.raw_bytes,
            }
            for item in unread
        ]
        connection.execute(tables.reject.insert(), rows)
    return len(unread)


def _insert_events(
    connection: Connection,
    arrivals: Sequence[Arrival],
    result: Accepted,
    policies: Mapping[Kind, Policy],
    now: datetime,
) -> list[Fresh]:
    """Insert what is new; what is not is a duplicate or a conflict. Keeps the order of arrival."""
    first: dict[tuple[Kind, str], Arrival] = {}
    again: list[Arrival] = []
    for arrival in arrivals:
        key = (arrival.event.kind, arrival.event.identity)
        if first.setdefault(key, arrival) is not arrival:
            again.append(arrival)
    statement = insert(connection, tables.event).on_conflict_do_nothing(
        index_elements=["kind", "identity"]
    )
    # In one order in every worker: two batches with common events wait for, not on, each other.
    inserted = connection.execute(
        statement.returning(tables.event.c.id, tables.event.c.kind, tables.event.c.identity),
        [_event_row(arrival, now) for _, arrival in sorted(first.items(), key=itemgetter(0))],
    ).all()
    ids = {(Kind(kind), identity): row_id for row_id, kind, identity in inserted}
    fresh = [Fresh(ids[key], arrival.event) for key, arrival in first.items() if key in ids]
    again += [arrival for key, arrival in first.items() if key not in ids]
    result.events = len(fresh)
    if again:
        _count_again(connection, again, result, policies, now)
    return fresh


def _count_again(
    connection: Connection,
    again: Sequence[Arrival],
    result: Accepted,
    policies: Mapping[Kind, Policy],
    now: datetime,
) -> None:
    known = _known(connection, again)
    repeats: dict[int, int] = {}
    for arrival in again:
        event = arrival.event
        event_id, first = known[(event.kind, event.identity)]
        if not policies[event.kind].conflicts or _same(arrival, first):
            result.duplicates += 1
            repeats[event_id] = repeats.get(event_id, 0) + 1
        else:
            result.conflicts += 1
            result.conflicting.append(event.subject)
            _keep_conflict(connection, event_id, arrival, now)
    if repeats:
        statement = (
            update(tables.event)
            .where(tables.event.c.id == bindparam("event_id"))
            .values(duplicates=tables.event.c.duplicates + bindparam("more"))
        )
        rows = [{"event_id": event_id, "more": more} for event_id, more in sorted(repeats.items())]
        connection.execute(statement, rows)


def _known(
    connection: Connection, again: Iterable[Arrival]
) -> dict[tuple[Kind, str], tuple[int, str]]:
    by_kind: dict[Kind, set[str]] = {}
    for arrival in again:
        by_kind.setdefault(arrival.event.kind, set()).add(arrival.event.identity)
    columns = tables.event.c
    known = {}
    for kind, identities in by_kind.items():
        for some in chunks(sorted(identities)):
            query = select(columns.identity, columns.id, columns.body).where(
                columns.kind == kind.value, columns.identity.in_(some)
            )
            for identity, event_id, body in connection.execute(query):
                known[(kind, identity)] = (event_id, body)
    return known


def _same(arrival: Arrival, first: str) -> bool:
    if arrival.body == first:
        return True
    return hash_of(arrival.event, arrival.body) == hash_of_kept(arrival.event.kind, first)


def _keep_conflict(connection: Connection, event_id: int, arrival: Arrival, now: datetime) -> None:
    statement = insert(connection, tables.conflict).values(
        event_id=event_id,
        kind=arrival.event.kind.value,
        subject=arrival.event.subject,
        content_hash=hash_of(arrival.event, arrival.body),
        received_at=now,
        body=arrival.body,
        repeats=0,
    )
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["event_id", "content_hash"],
            set_={"repeats": tables.conflict.c.repeats + 1},
        )
    )
