"""Back to pending with a fresh budget: what a replay is made of, whoever asks for it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    Update,
    and_,
    bindparam,
    case,
    exists,
    literal,
    not_,
    select,
    update,
)

from worker.journal import tables
from worker.journal.opening import supersede
from worker.journal.states import State
from worker.policies import Policy


def lock_connectors(connection: Connection, ids: Sequence[int]) -> None:
    """The intake takes the same locks in the same order: no newer status comes in between."""
    columns, subject = tables.report.c, tables.connector.c.subject
    of = select(columns.subject).where(columns.id.in_(ids), columns.latest_wins == 1)
    # The intake sorts by code points, whatever the language of the database.
    order = subject.collate("C") if connection.dialect.name == "postgresql" else subject
    locked = select(subject).where(subject.in_(of)).order_by(order).with_for_update()
    connection.execute(locked)


def no_longer_newest() -> ColumnElement[bool]:
    """Of the report's subject a newer event is known."""
    columns, newest = tables.report.c, tables.connector.c
    is_newest = exists().where(
        newest.subject == columns.subject, newest.event_id == columns.event_id
    )
    return and_(columns.latest_wins == 1, not_(is_newest))


def back_to_pending(
    connection: Connection,
    ids: Sequence[int],
    policy: Policy,
    now: datetime,
    why: str,
    *,
    due_at: Mapping[int, datetime] | None = None,
) -> None:
    """Due now, with a fresh budget; how each stood before is kept in its reason.

    Of a connector's statuses an older pending one is superseded: only the newest waits.

    Args:
        connection: of a transaction that has locked them.
        ids: of reports of one kind.
        policy: of that kind.
        now: the time of the decision.
        why: the beginning of the reason.
        due_at: when those are due that are not due now; worth telling is counted from then.
    """
    if not ids:
        return
    if policy.latest_wins:
        _supersede_older(connection, ids, now)
    turns = due_at or {}
    rows = []
    for report_id in ids:
        turn = turns.get(report_id, now)
        worth = policy.worth_until(max(turn, now))
        rows.append({"of_report": report_id, "turn": turn, "worth": worth})
    connection.execute(_put_back(why), rows)


def _put_back(why: str) -> Update:
    columns = tables.report.c
    stood = literal(f"{why}; was ") + columns.state
    stood = case((columns.reason.is_(None), stood), else_=stood + ": " + columns.reason)
    # A re-report that came to nothing is told anew: the vendor may not know the call for it.
    again = case((columns.state == State.PENDING, columns.vendor_ref), else_=None)
    return (
        update(tables.report)
        .where(columns.id == bindparam("of_report"))
        .values(
            state=State.PENDING,
            due_at=bindparam("turn"),
            worth_until=bindparam("worth"),
            tries=0,
            settled_at=None,
            lease_until=None,
            lease_owner=None,
            vendor_ref=again,
            reason=case((columns.reason.startswith(why), columns.reason), else_=stood),
        )
    )


def _supersede_older(connection: Connection, ids: Sequence[int], now: datetime) -> None:
    """Found from the chosen ones, so that its cost is not that of all that waits."""
    chosen = tables.report.alias("chosen")
    waiting = select(tables.one_of_subject(tables.is_waiting, chosen)).where(chosen.c.id.in_(ids))
    found = {one for one in connection.execute(waiting).scalars() if one is not None}
    supersede(connection, sorted(found - set(ids)), now)
