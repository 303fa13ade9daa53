"""Writing down what came of the leased reports: one transaction for many."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Update, bindparam, case, literal_column, or_, update

from worker.journal import tables
from worker.journal.claim import Claim
from worker.journal.engine import insert, writing
from worker.journal.opening import overtaken
from worker.journal.states import State, after_sending
from worker.outcomes import Accepted, OnUnclear, Outcome, TryLater, word


@dataclass(frozen=True, slots=True)
class Attempt:
    """One HTTP request and its answer, as it is kept: capped, with secrets masked."""

    started_at: datetime
    duration_ms: int
    method: str
    url: str
    http_status: int | None
    outcome: Outcome
    request: str
    answer: str
    report_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """What came of one claim.

    Attributes:
        outcome: None when nothing was sent; the claim is given back unharmed.
        next_try_s: the wait until the next try, should there be one.
    """

    claim: Claim
    outcome: Outcome | None
    next_try_s: float = 0.0


def _accept() -> Update:
    columns = tables.report.c
    return (
        update(tables.report)
        .where(
            columns.id.in_(bindparam("ids", expanding=True)),
            columns.state == State.SENDING.value,
            columns.lease_owner == bindparam("owner"),
        )
        .values(
            state=State.ACCEPTED.value,
            settled_at=bindparam("settled"),
            outcome="accepted",
            reason=bindparam("because"),
            vendor_ref=None,
            lease_until=None,
            lease_owner=None,
        )
    )


def _return() -> Update:
    columns = tables.report.c
    # What would wait again while a newer status waits already is overtaken: it must never follow.
    state = case(
        (
            bindparam("to_state").in_([literal_column("'pending'"), literal_column("'unclear'")])
            & (columns.latest_wins == 1)
            & overtaken(),
            State.SUPERSEDED.value,
        ),
        else_=bindparam("to_state"),
    )
    superseded_at = bindparam("now", type_=columns.settled_at.type)
    settled_at = bindparam("settled", type_=columns.settled_at.type)
    return (
        update(tables.report)
        .where(
            columns.id == bindparam("report_id"),
            columns.state == State.SENDING.value,
            columns.lease_owner == bindparam("owner"),
        )
        .values(
            state=state,
            tries=columns.tries + bindparam("more_tries"),
            due_at=bindparam("due"),
            outcome=bindparam("said"),
            reason=bindparam("because"),
            settled_at=case((state == State.SUPERSEDED.value, superseded_at), else_=settled_at),
            lease_until=None,
            lease_owner=None,
        )
    )


# Made once: making a statement and its cache key takes longer than running it.
ACCEPT = _accept()
RETURN = _return()
KEEP_ATTEMPTS = tables.attempt.insert().returning(tables.attempt.c.id, sort_by_parameter_order=True)


def settle(
    engine: Engine,
    vendor: str,
    kind: str,
    told: Sequence[Told],
    attempts: Sequence[Attempt],
    *,
    on_unclear: OnUnclear,
    now: datetime,
    not_before: tuple[datetime, str] | None = None,
) -> None:
    """Write outcomes into states and keep the attempts.

    A report whose lease has run out meanwhile is left to whoever holds it now.

    Args:
        engine: the journal.
        vendor: whom we told.
        kind: of the lane.
        told: what came of each claim.
        attempts: every request that was made for them.
        on_unclear: what an Unclear outcome leads to.
        now: the time of writing.
        not_before: until when the whole lane has to wait, and why.
    """
    with writing(engine) as connection:
        _settle_accepted(connection, [t for t in told if isinstance(t.outcome, Accepted)], now)
        _settle_others(connection, told, on_unclear, now)
        _keep_attempts(connection, vendor, kind, attempts)
        if not_before is not None:
            _hold_lane(connection, vendor, kind, *not_before)


def _settle_accepted(connection: Connection, told: Sequence[Told], now: datetime) -> None:
    groups: dict[tuple[str, str], list[int]] = {}
    for item in told:
        assert item.outcome is not None  # noqa: S101 chosen by its outcome
        key = (item.claim.lease_owner, item.outcome.reason)
        groups.setdefault(key, []).append(item.claim.report_id)
    for (owner, reason), ids in groups.items():
        what = {"ids": ids, "owner": owner, "because": reason, "settled": now}
        connection.execute(ACCEPT, what)


def _settle_others(
    connection: Connection, told: Sequence[Told], on_unclear: OnUnclear, now: datetime
) -> None:
    rows = [_row(t, on_unclear, now) for t in told if not isinstance(t.outcome, Accepted)]
    if rows:
        connection.execute(RETURN, [row | {"now": now} for row in rows])


def _row(told: Told, on_unclear: OnUnclear, now: datetime) -> dict[str, Any]:
    if told.outcome is None:
        return _given_back(told.claim, now)
    state = after_sending(told.outcome, on_unclear)
    if told.claim.look_up and state is State.PENDING:
        state = State.UNCLEAR  # it may still be there from before: look again, never send unseen
    return {
        "report_id": told.claim.report_id,
        "owner": told.claim.lease_owner,
        "to_state": state.value,
        "more_tries": int(state in (State.PENDING, State.UNCLEAR) and not _of_lane(told.outcome)),
        "due": now + timedelta(seconds=told.next_try_s),
        "said": word(told.outcome),
        "because": told.outcome.reason,
        "settled": now if state is State.REFUSED else None,
    }


def _of_lane(outcome: Outcome) -> bool:
    """A throttle, a dead credential: it says nothing of the report, which has not failed by it."""
    return isinstance(outcome, TryLater) and outcome.whole_lane


def _given_back(claim: Claim, now: datetime) -> dict[str, Any]:
    return {
        "report_id": claim.report_id,
        "owner": claim.lease_owner,
        "to_state": (State.UNCLEAR if claim.look_up else State.PENDING).value,
        "more_tries": 0,
        "due": now,
        "said": None,
        "because": "given back before it was sent",
        "settled": None,
    }


def _keep_attempts(
    connection: Connection, vendor: str, kind: str, attempts: Sequence[Attempt]
) -> None:
    if not attempts:
        return
    rows = [
        {
            "vendor": vendor,
            "kind": kind,
            "started_at": a.started_at,
            "duration_ms": a.duration_ms,
            "method": a.method,
            "url": a.url,
            "http_status": a.http_status,
            "vendor_code": a.outcome.code,
            "outcome": word(a.outcome),
            "reason": a.outcome.reason,
            "reports": len(a.report_ids),
            "request": a.request,
            "answer": a.answer,
        }
        for a in attempts
    ]
    ids = connection.execute(KEEP_ATTEMPTS, rows).scalars().all()
    links = [
        {"attempt_id": attempt_id, "report_id": report_id}
        for attempt_id, attempt in zip(ids, attempts, strict=True)
        for report_id in attempt.report_ids
    ]
    if links:
        connection.execute(tables.attempt_report.insert(), links)


def _hold_lane(connection: Connection, vendor: str, kind: str, until: datetime, why: str) -> None:
    statement = insert(connection, tables.lane_state).values(
        vendor=vendor, kind=kind, not_before=until, why=why
    )
    held = tables.lane_state.c.not_before
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["vendor", "kind"],
            set_={"not_before": until, "why": why},
            where=or_(held.is_(None), held < until),
        )
    )
