"""Writing down how the lanes fare, and reading it back in as many points as a chart has."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Any

from sqlalchemy import Connection, Engine, Row, func, select

from worker.journal import tables
from worker.journal.engine import insert, reading, writing
from worker.journal.history_tables import lane_tick, tick
from worker.journal.measures import WAITING
from worker.outcomes import Accepted, word

EVERY_S = 10
MOST_S = 60  # what happened before a longer gap is not counted: it may have been hours of work

ACCEPTED = word(Accepted())

Lane = tuple[str, str]
AnyRow = Row[*tuple[Any, ...]]


@dataclass(slots=True)
class _Sent:
    told: int = 0
    attempts: int = 0
    failed: int = 0
    durations: list[tuple[int, int]] = field(default_factory=list)


def look(engine: Engine, now: datetime) -> bool:
    """Write down what was sent since the last look, and what waits; False if there is one already.

    It costs what was sent and what waits, and not the history.
    """
    at = int(now.timestamp()) // EVERY_S * EVERY_S
    with reading(engine) as connection:
        before = connection.execute(select(tick).order_by(tick.c.at.desc()).limit(1)).first()
        if before is not None and at <= before.at <= at + MOST_S:
            return False
        newest = connection.execute(select(func.max(tables.attempt.c.id))).scalar() or 0
        after, over_s = _since(connection, before, at, newest, now)
        sent = _sent(connection, after, newest)
        waiting = _waiting(connection)
    rows = [
        {"at": at, "vendor": vendor, "kind": kind, **_row(sent.get((vendor, kind)))}
        | {"waiting": waiting.get((vendor, kind), 0)}
        for vendor, kind in sorted(set(sent) | set(waiting))
    ]
    with writing(engine) as connection:
        _forget_what_is_to_come(connection, at)
        statement = insert(connection, tick).on_conflict_do_nothing()
        mark = {"at": at, "over_s": over_s, "last_attempt": newest}
        if not connection.execute(statement, mark).rowcount:
            return False
        if rows:
            connection.execute(lane_tick.insert(), rows)
    return True


def _forget_what_is_to_come(connection: Connection, at: int) -> None:
    """A clock that was put back would else be silent until it is as late again."""
    newest = connection.execute(select(func.max(tick.c.at))).scalar()
    if newest is not None and newest > at + MOST_S:
        for table in (lane_tick, tick):
            connection.execute(table.delete().where(table.c.at >= at))


def _since(
    connection: Connection, before: AnyRow | None, at: int, newest: int, now: datetime
) -> tuple[int, int]:
    """The attempt after which to count, and over what time."""
    if before is not None and before.at > at:
        return newest, EVERY_S
    if before is not None and at - before.at <= MOST_S:
        return before.last_attempt, at - before.at
    columns = tables.attempt.c
    recent = columns.started_at >= now - timedelta(seconds=EVERY_S)
    # A sum, or a database would walk through the history in the order of its numbers.
    first = connection.execute(select(func.min(columns.id + 0)).where(recent)).scalar()
    return (newest if first is None else first - 1), EVERY_S


def _sent(connection: Connection, after: int, newest: int) -> Mapping[Lane, _Sent]:
    columns = tables.attempt.c
    by = (columns.vendor, columns.kind, columns.outcome, columns.duration_ms)
    query = (
        select(*by, func.count(), func.sum(columns.reports))
        .where(columns.id > after, columns.id <= newest)
        .group_by(*by)
        .order_by(columns.duration_ms)
    )
    found: dict[Lane, _Sent] = defaultdict(_Sent)
    for vendor, kind, outcome, duration_ms, attempts, reports in connection.execute(query):
        one = found[(vendor, kind)]
        one.attempts += attempts
        one.durations.append((duration_ms, attempts))
        if outcome == ACCEPTED:
            one.told += int(reports)
        else:
            one.failed += attempts
    return found


def _waiting(connection: Connection) -> Mapping[Lane, int]:
    rows = connection.execute(WAITING.statement(connection.dialect.name)).all()
    return {(row.vendor, row.kind): row.n for row in rows}


def _row(sent: _Sent | None) -> dict[str, int | None]:
    one = sent or _Sent()
    return {
        "told": one.told,
        "attempts": one.attempts,
        "failed": one.failed,
        "p50_ms": _percentile(one, 0.5),
        "p95_ms": _percentile(one, 0.95),
    }


def _percentile(sent: _Sent, share: float) -> int | None:
    """The duration within which that share of the attempts ended."""
    upto = accumulate(count for _, count in sent.durations)
    within = zip(sent.durations, upto, strict=True)
    return next((ms for (ms, _), count in within if count >= share * sent.attempts), None)


@dataclass(frozen=True, slots=True)
class History:
    """Series of equal length, oldest first; None where nobody looked, or nothing was sent.

    Attributes:
        at: when each point ends, in seconds since 1970.
        told_per_s: reports accepted, by vendor.
        p95_ms: of the attempts, by vendor; the slowest lane's, and the worst within a point.
        waiting: reports, by vendor; the most within a point.
    """

    at: list[int]
    told_per_s: dict[str, list[float | None]]
    p95_ms: dict[str, list[int | None]]
    waiting: dict[str, list[int | None]]


def history(engine: Engine, now: datetime, *, over_s: int, points: int = 120) -> History:
    """The last `over_s` seconds."""
    width = max(EVERY_S, over_s // points // EVERY_S * EVERY_S)
    last = int(now.timestamp()) // width
    first = last - over_s // width + 1
    with reading(engine) as connection:
        looked = _looked(connection, first, width)
        rows = _lanes(connection, first, width)
    return _series(range(first, last + 1), width, looked, rows)


def _looked(connection: Connection, first: int, width: int) -> dict[int, int]:
    """Over how many seconds somebody looked, by point."""
    point = tick.c.at // width
    query = select(point, func.sum(tick.c.over_s)).where(tick.c.at >= first * width)
    return {at: int(over_s) for at, over_s in connection.execute(query.group_by(point))}


def _lanes(connection: Connection, first: int, width: int) -> Sequence[AnyRow]:
    columns = lane_tick.c
    point = columns.at // width
    return connection.execute(
        select(
            point.label("point"),
            columns.vendor,
            func.sum(columns.told).label("told"),
            func.max(columns.p95_ms).label("p95_ms"),
            func.max(columns.waiting).label("waiting"),
        )
        .where(columns.at >= first * width)
        .group_by(point, columns.vendor, columns.kind)
    ).all()


def _series(
    points: range, width: int, looked: Mapping[int, int], rows: Iterable[AnyRow]
) -> History:
    place = {point: n for n, point in enumerate(points)}
    told: dict[str, list[float | None]] = {}
    slowest: dict[str, list[int | None]] = {}
    waiting: dict[str, list[int | None]] = {}
    for row in rows:
        if row.point not in place or row.point not in looked:
            continue
        if row.vendor not in told:
            told[row.vendor] = [0.0 if point in looked else None for point in points]
            slowest[row.vendor] = [None] * len(points)
            waiting[row.vendor] = [0 if point in looked else None for point in points]
        n = place[row.point]
        told[row.vendor][n] = (told[row.vendor][n] or 0) + int(row.told) / looked[row.point]
        waiting[row.vendor][n] = (waiting[row.vendor][n] or 0) + row.waiting
        if row.p95_ms is not None:
            slowest[row.vendor][n] = max(row.p95_ms, slowest[row.vendor][n] or 0)
    return History([(point + 1) * width for point in points], told, slowest, waiting)
