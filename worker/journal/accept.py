"""Intake's one transaction: events in, duplicates out, a report per vendor, the newest status."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter

from sqlalchemy import Connection, Engine, Update, bindparam, select, update
from sqlalchemy.exc import StatementError

from worker.events import Event, Kind
from worker.journal import tables
from worker.journal.engine import away, insert, unstorable, writing
from worker.journal.states import State
from worker.policies import Policy

Route = Callable[[Event], Sequence[str]]
Lane = tuple[str, Kind]


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event with the JSON text that is kept of it."""

    event: Event
    body: str


@dataclass(frozen=True, slots=True)
class Unread:
    """An item that could not be read: why, as much of it as is kept, and its whole size."""

    reason: str
    raw: bytes
    raw_bytes: int


@dataclass(slots=True)
class Accepted:
    """What became of a batch."""

    events: int = 0
    duplicates: int = 0
    conflicts: int = 0
    rejects: int = 0
    repeated_batch: bool = False
    lanes: set[Lane] = field(default_factory=set)


@dataclass(slots=True)
class _Fresh:
    id: int
    event: Event
    overtaken: bool = False


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
    """
    result = Accepted()
    with writing(engine) as connection:
        if not _first_time(connection, batch_id, now):
            return Accepted(repeated_batch=True)
        result.rejects = _reject(connection, queue, unread, now)
        if arrivals:
            fresh = _insert_events(connection, arrivals, result, policies, now)
            _newest(connection, [f for f in fresh if policies[f.event.kind].latest_wins])
            _open_reports(connection, fresh, result, policies, route, now)
    return result


def fault(engine: Engine, arrival: Arrival) -> str | None:
    """Why the database cannot hold this event, tried and undone; None if it can.

    Raises:
        SQLAlchemyError: the database is away; that says nothing about the event.
    """
    with engine.connect() as connection, connection.begin() as trial:
        try:
            row = _event_row(arrival, arrival.event.content_hash(), arrival.event.occurred_at)
            connection.execute(insert(connection, tables.event).on_conflict_do_nothing(), [row])
        except StatementError as error:
            if unstorable(error):
                return away(error)
            raise
        finally:
            trial.rollback()
    return None


def _event_row(arrival: Arrival, content: str, now: datetime) -> dict[str, object]:
    event = arrival.event
    return {
        "kind": event.kind.value,
        "identity": event.identity,
        "subject": event.subject,
        "occurred_at": event.occurred_at,
        "received_at": now,
        "body": arrival.body,
        "content_hash": content,
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
) -> list[_Fresh]:
    """Insert what is new; what is not is a duplicate or a conflict. Keeps the order of arrival."""
    first: dict[tuple[Kind, str], Arrival] = {}
    hashes: dict[int, str] = {}
    again: list[Arrival] = []
    for arrival in arrivals:
        hashes[id(arrival)] = arrival.event.content_hash()
        key = (arrival.event.kind, arrival.event.identity)
        if first.setdefault(key, arrival) is not arrival:
            again.append(arrival)
    statement = insert(connection, tables.event).on_conflict_do_nothing(
        index_elements=["kind", "identity"]
    )
    # In one order in every worker: two batches with common events wait for, not on, each other.
    inserted = connection.execute(
        statement.returning(tables.event.c.id, tables.event.c.kind, tables.event.c.identity),
        [
            _event_row(arrival, hashes[id(arrival)], now)
            for _, arrival in sorted(first.items(), key=itemgetter(0))
        ],
    ).all()
    ids = {(Kind(kind), identity): row_id for row_id, kind, identity in inserted}
    fresh = [_Fresh(ids[key], arrival.event) for key, arrival in first.items() if key in ids]
    again += [arrival for key, arrival in first.items() if key not in ids]
    result.events = len(fresh)
    if again:
        _count_again(connection, again, hashes, result, policies, now)
    return fresh


def _count_again(
    connection: Connection,
    again: Sequence[Arrival],
    hashes: Mapping[int, str],
    result: Accepted,
    policies: Mapping[Kind, Policy],
    now: datetime,
) -> None:
    known = _known(connection, again)
    repeats: dict[int, int] = {}
    for arrival in again:
        event, content = arrival.event, hashes[id(arrival)]
        event_id, first_content = known[(event.kind, event.identity)]
        if content == first_content or not policies[event.kind].conflicts:
            result.duplicates += 1
            repeats[event_id] = repeats.get(event_id, 0) + 1
        else:
            result.conflicts += 1
            _keep_conflict(connection, event_id, arrival, content, now)
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
        query = select(columns.identity, columns.id, columns.content_hash).where(
            columns.kind == kind.value, columns.identity.in_(sorted(identities))
        )
        for identity, event_id, content in connection.execute(query):
            known[(kind, identity)] = (event_id, content)
    return known


def _keep_conflict(
    connection: Connection, event_id: int, arrival: Arrival, content: str, now: datetime
) -> None:
    statement = insert(connection, tables.conflict).values(
        event_id=event_id,
        kind=arrival.event.kind.value,
        subject=arrival.event.subject,
        content_hash=content,
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


def _newest(connection: Connection, statuses: Sequence[_Fresh]) -> None:
    """Mark the statuses that are overtaken, within the batch or by what is known; keep the newest.

    Of two at the same instant the later arrival is the newer. The upsert locks the connectors'
    rows until the commit, in one order, so that two workers never judge one connector at a time.
    """
    newest: dict[str, _Fresh] = {}
    for fresh in statuses:
        other = newest.get(fresh.event.subject)
        if other is not None and other.event.occurred_at > fresh.event.occurred_at:
            fresh.overtaken = True
            continue
        if other is not None:
            other.overtaken = True
        newest[fresh.event.subject] = fresh
    if not newest:
        return
    statement = insert(connection, tables.connector)
    excluded = statement.excluded
    statement = statement.on_conflict_do_update(
        index_elements=["subject"],
        set_={name: excluded[name] for name in ("status", "occurred_at", "event_id")},
        where=tables.connector.c.occurred_at <= excluded.occurred_at,
    ).returning(tables.connector.c.subject)
    rows = [
        {
            "subject": subject,
            "status": int(getattr(fresh.event, "status", 0)),
            "occurred_at": fresh.event.occurred_at,
            "event_id": fresh.id,
        }
        for subject, fresh in sorted(newest.items())
    ]
    kept = set(connection.execute(statement, rows).scalars())
    for subject, fresh in newest.items():
        fresh.overtaken = fresh.overtaken or subject not in kept


def _open_reports(
    connection: Connection,
    fresh: Sequence[_Fresh],
    result: Accepted,
    policies: Mapping[Kind, Policy],
    route: Route,
    now: datetime,
) -> None:
    rows: list[dict[str, object]] = []
    overtaking: list[dict[str, str]] = []
    for item in fresh:
        event, policy = item.event, policies[item.event.kind]
        for vendor in route(event):
            row = _report(item, vendor, policy, now)
            rows.append(row)
            if item.overtaken:
                continue
            result.lanes.add((vendor, event.kind))
            if policy.latest_wins:
                overtaking.append({"of_vendor": vendor, "of_subject": event.subject})
    if overtaking:
        connection.execute(_supersede(now), overtaking)
    if rows:
        connection.execute(tables.report.insert(), rows)


def _report(item: _Fresh, vendor: str, policy: Policy, now: datetime) -> dict[str, object]:
    return {
        "event_id": item.id,
        "vendor": vendor,
        "kind": policy.kind.value,
        "subject": item.event.subject,
        "latest_wins": int(policy.latest_wins),
        "occurred_at": item.event.occurred_at,
        "state": State.SUPERSEDED if item.overtaken else State.PENDING,
        "due_at": now,
        "worth_until": policy.worth_until(now),
        "tries": 0,
        "reason": "a newer status was known already" if item.overtaken else None,
        "created_at": now,
        "settled_at": now if item.overtaken else None,
    }


def _supersede(now: datetime) -> Update:
    columns = tables.report.c
    return (
        update(tables.report)
        .where(
            columns.vendor == bindparam("of_vendor"),
            columns.subject == bindparam("of_subject"),
            tables.is_waiting(),
            tables.is_latest_wins(),
        )
        .values(state=State.SUPERSEDED, reason="a newer status took its place", settled_at=now)
    )
