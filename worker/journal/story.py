"""Finding an event from what a person knows of it, and all that is known of one event."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from sqlalchemy import ColumnElement, Engine, RowMapping, or_, select

from worker.events import Kind
from worker.journal import callback_listings, listings, tables
from worker.journal.engine import reading
from worker.journal.listings import Filters

MOST_SUBJECTS = 20
MOST_WITHIN = timedelta(days=1)
MOST_ATTEMPTS = 50


@dataclass(frozen=True, slots=True)
class Told:
    """One report of an event.

    Attributes:
        attempts: the newest first, at most `MOST_ATTEMPTS`.
        failures: what the vendor could not process of it, newest first.
    """

    report: RowMapping
    attempts: Sequence[RowMapping]
    failures: Sequence[RowMapping]


@dataclass(frozen=True, slots=True)
class Story:
    """An event, whom it was told, and what contradicts it."""

    event: RowMapping
    told: Sequence[Told]
    conflicts: Sequence[RowMapping]


def story(engine: Engine, event_id: int) -> Story | None:
    """All that is known of an event; None if there is no such event."""
    report, conflict = tables.report.c, tables.conflict.c
    with reading(engine) as connection:
        found = connection.execute(select(tables.event).where(tables.event.c.id == event_id))
        event = found.mappings().first()
        if event is None:
            return None
        of_it = select(tables.report).where(report.event_id == event_id).order_by(report.id)
        reports = connection.execute(of_it).mappings().all()
        against = select(tables.conflict).where(conflict.event_id == event_id)
        conflicts = connection.execute(against.order_by(conflict.id)).mappings().all()
    return Story(event, [_told(engine, row) for row in reports], conflicts)


def _told(engine: Engine, report: RowMapping) -> Told:
    attempts = listings.attempts(engine, Filters(), report_id=report["id"], limit=MOST_ATTEMPTS)
    failures = callback_listings.failed_reports(
        engine, Filters(), report_id=report["id"], limit=MOST_ATTEMPTS
    )
    return Told(report, list(attempts), list(failures))


def event_of(engine: Engine, report_id: int) -> int | None:
    """The event of a report; None if there is no such report."""
    columns = tables.report.c
    with reading(engine) as connection:
        found = connection.execute(select(columns.event_id).where(columns.id == report_id))
        return found.scalar()


def find(engine: Engine, term: str, filters: Filters, *, limit: int) -> list[RowMapping]:
    """Events, newest first.

    Args:
        engine: the journal.
        term: an order, a warning, a connector or the subject of its statuses; empty: any. With a
            time of a day or less, whatever mentions it is found, too: the records of a connector.
        filters: by kind and by time of intake.
        limit: at most so many.
    """
    conditions = listings.between(tables.event.c.received_at, filters)
    kinds = [filters.kind] if filters.kind is not None else list(Kind)
    conditions.append(tables.event.c.kind.in_([kind.value for kind in kinds]))
    if term:
        mentions: list[ColumnElement[bool]] = [
            tables.event.c.subject.in_([term, *_subjects_at(engine, term)])
        ]
        if _is_short(filters):
            mentions.append(tables.event.c.body.contains(f'"{term}"', autoescape=True))
        conditions.append(or_(*mentions))
    query = select(tables.event).where(*conditions)
    return list(islice(listings.newest_first(engine, tables.event, query, limit), limit))


def _subjects_at(engine: Engine, connector_id: str) -> Sequence[str]:
    columns = tables.connector.c
    named = select(columns.subject).where(columns.connector_id == connector_id)
    with reading(engine) as connection:
        return connection.execute(named.limit(MOST_SUBJECTS)).scalars().all()


def _is_short(filters: Filters) -> bool:
    since, until = filters.since, filters.until
    return since is not None and (until or datetime.now(since.tzinfo)) - since <= MOST_WITHIN


def reports_of(engine: Engine, events: Sequence[RowMapping]) -> Mapping[int, Sequence[RowMapping]]:
    """The reports of events, by the event's id."""
    columns = tables.report.c
    ids = [event["id"] for event in events]
    found: dict[int, list[RowMapping]] = defaultdict(list)
    with reading(engine) as connection:
        of_them = select(tables.report).where(columns.event_id.in_(ids)).order_by(columns.id)
        for row in connection.execute(of_them).mappings():
            found[row["event_id"]].append(row)
    return found
