"""Opening a report per event and vendor; of a connector's statuses only the newest waits."""

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Select, String, Update, bindparam, select, update

from worker.events import Event, Kind
from worker.journal import tables
from worker.journal.chunks import chunks
from worker.journal.engine import insert
from worker.journal.states import WAITING, State
from worker.policies import Policy

Route = Callable[[Event], Sequence[str]]
Lane = tuple[str, Kind]


@dataclass(slots=True)
class Opened:
    """The lanes that have work now, and how many reports a newer status took the place of."""

    lanes: set[Lane] = field(default_factory=set)
    superseded: int = 0


@dataclass(slots=True)
class Fresh:
    """An event that was not known before."""

    id: int
    event: Event
    overtaken: bool = False


def open_reports(
    connection: Connection,
    fresh: Sequence[Fresh],
    policies: Mapping[Kind, Policy],
    route: Route,
    now: datetime,
    tell_all: Container[str],
) -> Opened:
    """Open them within the intake's transaction."""
    _mark_overtaken(connection, [f for f in fresh if policies[f.event.kind].latest_wins])
    opened = Opened()
    rows: list[dict[str, object]] = []
    overtaking: dict[str, list[str]] = {}
    for item in fresh:
        event, policy = item.event, policies[item.event.kind]
        for vendor in route(event):
            latest_wins = policy.latest_wins and vendor not in tell_all
            overtaken = item.overtaken and latest_wins
            rows.append(_report(item, vendor, policy, now, latest_wins=latest_wins))
            if overtaken:
                opened.superseded += 1
                continue
            opened.lanes.add((vendor, event.kind))
            if latest_wins:
                overtaking.setdefault(vendor, []).append(event.subject)
    for vendor, subjects in overtaking.items():
        for some in chunks(subjects):
            found = connection.execute(WAITING_OF, {"of_vendor": vendor, "of": some}).scalars()
            ids = [one for one in found if one is not None]
            opened.superseded += supersede(connection, ids, now)
    if rows:
        connection.execute(tables.report.insert(), rows)
    return opened


def _mark_overtaken(connection: Connection, statuses: Sequence[Fresh]) -> None:
    """Mark the statuses that are overtaken, within the batch or by what is known; keep the newest.

    Of two at the same instant the later arrival is the newer. The upsert locks the connectors'
    rows until the commit, in one order, so that two workers never judge one connector at a time.
    """
    newest: dict[str, Fresh] = {}
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
            "connector_id": getattr(fresh.event, "connector_id", subject),
            "status": int(getattr(fresh.event, "status", 0)),
            "occurred_at": fresh.event.occurred_at,
            "event_id": fresh.id,
        }
        for subject, fresh in sorted(newest.items())
    ]
    kept = set(connection.execute(statement, rows).scalars())
    for subject, fresh in newest.items():
        fresh.overtaken = fresh.overtaken or subject not in kept


def _report(
    item: Fresh, vendor: str, policy: Policy, now: datetime, *, latest_wins: bool
) -> dict[str, object]:
    overtaken = item.overtaken and latest_wins
    return {
        "event_id": item.id,
        "vendor": vendor,
        "kind": policy.kind.value,
        "subject": item.event.subject,
        "latest_wins": int(latest_wins),
        "occurred_at": item.event.occurred_at,
        "state": State.SUPERSEDED if overtaken else State.PENDING,
        "due_at": now,
        "worth_until": policy.worth_until(now),
        "tries": 0,
        "reason": "a newer status was known already" if overtaken else None,
        "created_at": now,
        "settled_at": now if overtaken else None,
    }


def _waiting_of() -> Select[int]:
    """Asked of each connector in turn, so that its cost is not that of all that waits."""
    subject = tables.connector.c.subject
    vendor = bindparam("of_vendor", type_=String).label("vendor")
    of = select(vendor, subject).where(subject.in_(bindparam("of", expanding=True))).subquery()
    return select(tables.one_of_subject(tables.is_waiting, of)).select_from(of)


def _supersede() -> Update:
    columns = tables.report.c
    return (
        update(tables.report)
        .where(
            columns.id.in_(bindparam("ids", expanding=True)),
            # What was leased meanwhile goes its way. Said unlike a partial index says it: of that
            # PostgreSQL might read all that waits, for these few.
            columns.state.not_in([state for state in State if state not in WAITING]),
        )
        .values(
            state=State.SUPERSEDED,
            reason="a newer status took its place",
            settled_at=bindparam("now"),
        )
    )


WAITING_OF = _waiting_of()
SUPERSEDE = _supersede()


def supersede(connection: Connection, ids: Sequence[int], now: datetime) -> int:
    """A newer status takes the place of these, which were found waiting; returns of how many."""
    if not ids:
        return 0
    return connection.execute(SUPERSEDE, {"ids": ids, "now": now}).rowcount


def overtaken() -> ColumnElement[bool]:
    """Of the report's subject a newer one waits for the same vendor."""
    return tables.one_of_subject(tables.is_waiting).is_not(None)
