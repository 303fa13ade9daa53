"""How the lanes stand: what waits in each, since when, what holds it up and when it goes on."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, Engine, func, select, text

from worker.events import Kind
from worker.journal import gates, tables
from worker.journal.engine import reading
from worker.journal.gates import Gate
from worker.journal.states import WAITING, State
from worker.policies import Policy

Lane = tuple[str, Kind]

# Each is the condition of a partial index, word for word: counting does not read the history.
UNSETTLED = (
    tables.WAITING,
    "state = 'sending'",
    "state IN ('refused', 'held', 'given_up')",
)


@dataclass(frozen=True, slots=True)
class Standing:
    """One lane at one time.

    Attributes:
        configured: whether the vendor still takes this kind; None when nobody said.
        oldest_created_at: when the oldest of its waiting reports was opened.
        oldest_occurred_at: when the oldest event among them happened.
        oldest_age_s: seconds since `oldest_created_at`.
        next_try_at: when the next report is due and the gate is open; None when nothing waits or
            only a person opens the gate.
        gate: what holds the lane up, in words; None when it is open.
    """

    vendor: str
    kind: str
    configured: bool | None
    pending: int
    sending: int
    unclear: int
    held: int
    refused: int
    given_up: int
    oldest_created_at: datetime | None
    oldest_occurred_at: datetime | None
    oldest_age_s: float | None
    next_try_at: datetime | None
    gate: str | None


@dataclass(slots=True)
class _Counted:
    states: dict[State, int] = field(default_factory=dict)
    created_at: datetime | None = None
    occurred_at: datetime | None = None
    due_at: datetime | None = None


def lanes(
    engine: Engine,
    configured: Iterable[Lane] | None,
    policies: Mapping[Kind, Policy],
    now: datetime,
) -> list[Standing]:
    """Every configured lane, and those in which reports are left of vendors that no longer are.

    Args:
        engine: the journal.
        configured: the roster's lanes; None when the vendors file could not be read.
        policies: tells which kinds are urgent.
        now: the time to look at.
    """
    known = None if configured is None else set(configured)
    with reading(engine) as connection:
        counted = _count(connection)
    standings = []
    for vendor, kind in sorted(set(counted) | (known or set())):
        gate = gates.look(engine, vendor, kind, urgent=policies[kind].urgent, now=now)
        is_configured = None if known is None else (vendor, kind) in known
        one = counted.get((vendor, kind), _Counted())
        standings.append(_standing(vendor, kind, is_configured, one, gate, now))
    return standings


def _count(connection: Connection) -> dict[Lane, _Counted]:
    columns = tables.report.c
    query = select(
        columns.vendor,
        columns.kind,
        columns.state,
        func.count().label("reports"),
        func.min(columns.created_at).label("created_at"),
        func.min(columns.occurred_at).label("occurred_at"),
        func.min(columns.due_at).label("due_at"),
    ).group_by(columns.vendor, columns.kind, columns.state)
    found: dict[Lane, _Counted] = defaultdict(_Counted)
    for condition in UNSETTLED:
        for row in connection.execute(query.where(text(condition))):
            one = found[(row.vendor, Kind(row.kind))]
            one.states[State(row.state)] = row.reports
            if row.state in WAITING:
                one.created_at = _earlier(one.created_at, row.created_at)
                one.occurred_at = _earlier(one.occurred_at, row.occurred_at)
                one.due_at = _earlier(one.due_at, row.due_at)
    return found


def _earlier(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else min(one, other)


def _standing(
    vendor: str, kind: Kind, configured: bool | None, one: _Counted, gate: Gate, now: datetime
) -> Standing:
    age_s = None if one.created_at is None else (now - one.created_at).total_seconds()
    return Standing(
        vendor=vendor,
        kind=kind.value,
        configured=configured,
        pending=one.states.get(State.PENDING, 0),
        sending=one.states.get(State.SENDING, 0),
        unclear=one.states.get(State.UNCLEAR, 0),
        held=one.states.get(State.HELD, 0),
        refused=one.states.get(State.REFUSED, 0),
        given_up=one.states.get(State.GIVEN_UP, 0),
        oldest_created_at=one.created_at,
        oldest_occurred_at=one.occurred_at,
        oldest_age_s=age_s,
        next_try_at=_next_try(one.due_at, configured, gate),
        gate=_words(gate),
    )


def _next_try(due_at: datetime | None, configured: bool | None, gate: Gate) -> datetime | None:
    if due_at is None or configured is False:
        return None
    if gate.shut is None:
        return due_at
    return None if gate.until is None else max(due_at, gate.until)


def _words(gate: Gate) -> str | None:
    if gate.shut is None:
        return "probing" if gate.probing else None
    if gate.shut.startswith(("paused: ", "breaker open: ")):
        return gate.shut
    return f"asked to wait: {gate.shut}"
