from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select, update

from tests.worker.desk import POLICIES, RECORD, Desk
from tests.worker.keeper import NEXT_DAY, Office
from worker.journal import differences, tables
from worker.journal.differences import Replayed
from worker.journal.engine import writing
from worker.journal.reconciliation import What
from worker.journal.reconciliation_tables import difference
from worker.outcomes import Accepted


@pytest.fixture
def office(engine: Engine, tmp_path: Path) -> Office:
    """Of seven records the vendor lost three, and has another amount for one."""
    office = Office(Desk(engine), tmp_path)
    office.deliver(*range(1, 8))
    office.lose(2, 4, 6)
    office.change(5, kwh=Decimal(0))
    office.forward_to(NEXT_DAY)
    office.reconcile()
    office.desk.forward(3600)
    return office


def replay(office: Office, of: int = 1, per_s: float = 50, batch: int = 500) -> Replayed:
    now, policy = office.desk.now, POLICIES[RECORD]
    return differences.replay(office.desk.engine, of, policy, now, per_s=per_s, batch=batch)


def pending(office: Office) -> list[Any]:
    columns = tables.report.c
    query = select(tables.report).where(columns.state == "pending").order_by(columns.id)
    return office.desk.rows(query)


def test_exactly_the_missing_ones_are_pending_again(office: Office) -> None:
    assert replay(office) == Replayed(replayed=3, left=0)
    waiting = pending(office)
    assert [row.subject for row in waiting] == ["A-2", "A-4", "A-6"]
    assert {row.reason for row in waiting} == {
        "missing by reconciliation 1; was accepted: accepted"
    }
    assert {(row.tries, row.settled_at) for row in waiting} == {(0, None)}
    marked = [row.subject for row in office.desk.all(difference) if row.replayed_at is not None]
    assert marked == ["A-2", "A-4", "A-6"]


def test_they_become_due_one_after_the_other(office: Office) -> None:
    replay(office, per_s=2)
    waits = [row.due_at - office.desk.now for row in pending(office)]
    assert waits == [timedelta(seconds=s) for s in (0, 0.5, 1)]


def test_a_second_replay_replays_nothing(office: Office) -> None:
    replay(office)
    assert replay(office) == Replayed()
    office.desk.forward(60)
    office.desk.settle(office.desk.claim(RECORD), Accepted())
    assert replay(office) == Replayed()
    assert pending(office) == []


def test_what_two_reconciliations_miss_is_told_again_once(office: Office) -> None:
    office.reconcile()
    office.desk.forward(60)
    assert replay(office, 1).replayed == 3
    assert replay(office, 2) == Replayed(replayed=0, left=3)
    office.desk.forward(60)
    office.desk.settle(office.desk.claim(RECORD), Accepted())
    assert replay(office, 2) == Replayed(replayed=0, left=3)
    assert pending(office) == []


def test_what_is_missed_anew_after_it_was_told_again_is_replayed(office: Office) -> None:
    replay(office)
    office.desk.forward(60)
    office.desk.settle(office.desk.claim(RECORD), Accepted())
    office.desk.forward(3600)
    office.reconcile()
    assert replay(office, 2).replayed == 3


@pytest.mark.parametrize("state", ["pending", "sending", "held", "refused"])
def test_a_report_that_is_no_longer_accepted_is_left_and_counted(
    office: Office, state: str
) -> None:
    with writing(office.desk.engine) as connection:
        changed = update(tables.report).where(tables.report.c.subject == "A-4")
        connection.execute(changed.values(state=state))
    assert differences.plan(office.desk.engine, 1) == Replayed(replayed=2, left=1)
    assert replay(office) == Replayed(replayed=2, left=1)
    assert office.desk.states()[4] == state
    assert [r.subject for r in office.desk.all(difference) if r.replayed_at] == ["A-2", "A-6"]


def test_many_are_replayed_in_batches(engine: Engine, tmp_path: Path) -> None:
    office = Office(Desk(engine), tmp_path)
    office.deliver(*range(1, 8))
    office.keeper.copies = []
    office.forward_to(NEXT_DAY)
    office.reconcile()
    assert replay(office, per_s=1, batch=2) == Replayed(replayed=7)
    waits = [(row.due_at - office.desk.now).total_seconds() for row in pending(office)]
    assert waits == [0, 1, 2, 3, 4, 5, 6]


def test_differences_are_listed_by_what_they_are(office: Office) -> None:
    def listed(what: What | None = None, limit: int = 0) -> list[tuple[str, str, str]]:
        found = differences.differences(office.desk.engine, 1, what=what, limit=limit)
        return [(row["what"], row["subject"], row["report_state"]) for row in found]

    assert listed(What.DIFFERING) == [("differing", "A-5", "accepted")]
    assert len(listed()) == 4
    assert listed(limit=2) == listed()[:2]


def test_reconciliations_are_listed_by_vendor(office: Office) -> None:
    engine = office.desk.engine
    assert [r["missing"] for r in differences.reconciliations(engine, vendor="city", limit=0)] == [
        3
    ]
    assert list(differences.reconciliations(engine, vendor="other", limit=0)) == []
