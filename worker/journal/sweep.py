"""What the clock does to the journal: leases that ran out, reports no longer worth telling."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, case, select, update

from worker.events import Kind
from worker.journal import tables
from worker.journal.engine import reading, writing
from worker.journal.opening import overtaken
from worker.journal.states import WAITING, State, after_unclear
from worker.outcomes import OnUnclear
from worker.policies import Policy

Lane = tuple[str, Kind]
LEASE_RAN_OUT = "the worker that sent it fell silent; the vendor may or may not have it"
CHUNK = 500
SHORT_WAIT_S = 60


def due_lanes(engine: Engine, lanes: Iterable[Lane], now: datetime) -> list[Lane]:
    """Those of the lanes in which a report is due; its cost does not grow with the backlog."""
    columns = tables.report.c
    due = []
    with reading(engine) as connection:
        for vendor, kind in lanes:
            query = select(columns.id).where(
                columns.vendor == vendor,
                columns.kind == kind.value,
                tables.is_waiting(),
                columns.due_at <= now,
            )
            # In the index's order: when all waited a moment ago, any row of the table seems to do.
            query = query.order_by(columns.due_at).limit(1)
            if connection.execute(query).first() is not None:
                due.append((vendor, kind))
    return due


def end_leases(
    engine: Engine, on_unclear: Mapping[Lane, OnUnclear], now: datetime, wait_s: float
) -> int:
    """Treat what was in flight on a dead worker as Unclear; returns how many there were.

    A report of a vendor that is no longer configured is held. One that is looked up waits `wait_s`
    more: the vendor may still be at work on what it got.
    """
    columns = tables.report.c
    with writing(engine) as connection:
        rows = connection.execute(
            select(columns.id, columns.vendor, columns.kind)
            .where(tables.is_sending(), columns.lease_until < now)
            .order_by(columns.id)
            .limit(CHUNK)
            .with_for_update(skip_locked=True)
        ).all()
        by_rule: dict[OnUnclear, list[int]] = {}
        for report_id, vendor, kind in rows:
            rule = on_unclear.get((vendor, Kind(kind)), OnUnclear.HOLD)
            by_rule.setdefault(rule, []).append(report_id)
        for rule, ids in by_rule.items():
            look_up_s = wait_s if rule is OnUnclear.VERIFY else 0.0
            _lease_ran_out(connection, rule, ids, now + timedelta(seconds=look_up_s))
    return len(rows)


def _lease_ran_out(
    connection: Connection, rule: OnUnclear, ids: list[int], due_at: datetime
) -> None:
    columns = tables.report.c
    after = after_unclear(rule)
    state: object = after.value
    if after in WAITING:
        state = case(
            ((columns.latest_wins == 1) & overtaken(), State.SUPERSEDED.value), else_=after.value
        )
    connection.execute(
        update(tables.report)
        .where(columns.id.in_(ids))
        .values(
            state=state,
            due_at=due_at,
            tries=columns.tries + 1,
            outcome="unclear",
            reason=LEASE_RAN_OUT,
            lease_until=None,
            lease_owner=None,
        )
    )


def end_worth(engine: Engine, policies: Mapping[Kind, Policy], now: datetime) -> int:
    """Expire, or hold for a person, what is no longer worth telling; returns how many."""
    columns = tables.report.c
    held = [kind.value for kind, policy in policies.items() if policy.held_when_late]
    with writing(engine) as connection:
        ids = (
            connection.execute(
                select(columns.id)
                .where(
                    tables.is_waiting(),
                    columns.worth_until.is_not(None),
                    columns.worth_until <= now,
                )
                .limit(CHUNK)
                .with_for_update(skip_locked=True)
            )
            .scalars()
            .all()
        )
        if ids:
            connection.execute(
                update(tables.report)
                .where(columns.id.in_(ids))
                .values(
                    state=case(
                        (columns.kind.in_(held), State.HELD.value), else_=State.EXPIRED.value
                    ),
                    reason="not accepted while it was worth telling",
                    settled_at=now,
                )
            )
    return len(ids)


def set_back(engine: Engine, now: datetime, by_s: float, lease_s: float) -> None:
    """The clock went back: nothing waits because of the time that was taken back.

    What is due within that time, or a minute later, becomes due now; a lease lasts no longer than
    one from now. Several workers may see the jump: doing it again changes nothing.
    """
    columns, until = tables.report.c, now + timedelta(seconds=by_s + SHORT_WAIT_S)
    lease_until = now + timedelta(seconds=lease_s)
    lane, vendor = tables.lane_state.c, tables.vendor_state.c
    with writing(engine) as connection:
        connection.execute(
            update(tables.report)
            .where(tables.is_waiting(), columns.due_at > now, columns.due_at <= until)
            .values(due_at=now)
        )
        connection.execute(
            update(tables.report)
            .where(tables.is_sending(), columns.lease_until > lease_until)
            .values(lease_until=lease_until)
        )
        connection.execute(
            update(tables.lane_state)
            .where(lane.not_before > now, lane.not_before <= until)
            .values(not_before=now)
        )
        connection.execute(
            update(tables.vendor_state)
            .where(vendor.breaker_until > now, vendor.breaker_until <= until)
            .values(breaker_until=now)
        )
