import time
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select, text, update
from sqlalchemy.exc import OperationalError

from tests.worker.desk import CITY, POLICIES, RECORD, STATUS, WARNING, Desk
from tests.worker.given import NOON, record, status, warning
from tests.worker.rows import Item, put, set_reports
from worker.journal import callback_tables as told
from worker.journal import gates, measures, tables
from worker.journal.accept import Unread
from worker.journal.measures import Measures
from worker.journal.states import State
from worker.outcomes import Accepted

URGENT = [kind for kind, policy in POLICIES.items() if policy.urgent]


@pytest.fixture
def desk(engine: Engine) -> Desk:
    return Desk(engine)


def measure(desk: Desk) -> Measures:
    return measures.measure(desk.engine, URGENT, within_s=5)


def failure(number: int, state: str) -> Item:
    return {
        "vendor": CITY,
        "request_id": str(number),
        "failures": 1,
        "received_at": NOON,
        "vendor_code": "1",
        "message": "",
        "api": "",
        "body": "",
        "state": state,
    }


def test_an_empty_journal_holds_nothing_and_has_a_size(desk: Desk) -> None:
    found = measure(desk)
    assert (found.reports, found.due_at, found.conflicts, found.rejects) == ({}, {}, {}, {})
    assert found.size_bytes > 50_000
    if desk.engine.dialect.name == "sqlite":
        assert found.disk is not None
        size, free = found.disk
        assert size > free > 0
    else:
        assert found.disk is None


def test_reports_are_counted_by_state_but_not_those_that_ended(desk: Desk) -> None:
    states = [*State, State.UNCLEAR, State.PENDING, State.PENDING]
    desk.accept(*(record(n) for n in range(len(states))))
    for n, state in enumerate(states):
        set_reports(desk.engine, {"subject": f"A-{n}"}, state=state)
    lane = (CITY, RECORD.value)
    assert measure(desk).reports == {
        (*lane, "pending"): 3,
        (*lane, "sending"): 1,
        (*lane, "unclear"): 2,
        (*lane, "refused"): 1,
        (*lane, "held"): 1,
        (*lane, "given_up"): 1,
    }


def test_the_first_due_report_gives_each_lane_its_time(desk: Desk) -> None:
    desk.accept(record(1), record(2), status())
    later = NOON + timedelta(minutes=5)
    set_reports(desk.engine, {"subject": "A-1"}, due_at=later)
    set_reports(desk.engine, {"kind": STATUS.value}, due_at=later)
    assert measure(desk).due_at == {(CITY, RECORD): NOON, (CITY, STATUS): later}


def test_a_warning_tried_again_and_again_is_as_old_as_its_intake(desk: Desk) -> None:
    desk.accept(warning())
    desk.forward(600)
    set_reports(desk.engine, {}, due_at=desk.now)
    desk.accept(record())
    assert measure(desk).taken_in_at == {(CITY, WARNING): NOON}


def test_gates_are_told_as_they_stand(desk: Desk) -> None:
    until = NOON + timedelta(minutes=1)
    gates.pause(desk.engine, CITY, why="holiday", now=NOON)
    gates.open_breaker(desk.engine, "mall", step=2, until=until, why="HTTP 500")
    put(desk.engine, tables.lane_state, vendor=CITY, kind=RECORD.value, not_before=until, why="429")
    found = measure(desk)
    assert found.paused_at == {CITY: NOON}
    assert found.breaker_steps == {CITY: 0, "mall": 2}
    assert found.not_before == {(CITY, RECORD): until}


def test_what_waits_for_a_person_is_counted_until_somebody_decides(desk: Desk) -> None:
    desk.accept(record(1), record(2), unread=[Unread("bad", b"{", 1), Unread("bad", b"[", 1)])
    desk.accept(record(1, totalMoney="99"), record(2, totalMoney="99"))
    for n, state in enumerate(("waiting", "held")):
        put(desk.engine, told.failed_report, **failure(n, state))
    found = measure(desk)
    assert (found.conflicts, found.rejects) == ({RECORD: 2}, {RECORD: 2})
    assert found.failed_reports == {CITY: 1}
    with desk.engine.begin() as connection:
        connection.execute(update(tables.reject).values(put_back_at=NOON))
        connection.execute(update(tables.conflict).values(decision="kept"))
    found = measure(desk)
    assert (found.conflicts, found.rejects) == ({}, {})


@pytest.mark.parametrize(
    "what",
    [
        measures.WAITING,
        measures.UNCLEAR,
        measures.SENDING,
        measures.FOR_A_PERSON,
        measures.REJECTS,
        measures.CONFLICTS,
        measures.FAILED,
    ],
    ids=lambda what: what.index,
)
def test_counting_reads_an_index_of_just_these_rows(desk: Desk, what: measures.Open) -> None:
    desk.accept(*(record(n) for n in range(50)))
    with desk.engine.begin() as connection:
        handled = [failure(n, "replayed") for n in range(500)]
        connection.execute(told.failed_report.insert(), handled)
        connection.execute(text("ANALYZE"))  # all of it waits, and reading the table would be cheap
    desk.settle(desk.claim(RECORD), Accepted())
    dialect = desk.engine.dialect.name
    explain = "EXPLAIN QUERY PLAN" if dialect == "sqlite" else "EXPLAIN"
    with measures._hurried(desk.engine, 5) as connection:
        plan = str(connection.execute(text(f"{explain} {what.statement(dialect)}")).all())
    assert what.index in plan, plan


def test_the_database_ends_a_look_that_takes_too_long(desk: Desk) -> None:
    endless = text(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) "
        "SELECT count(*) FROM n"
    )
    began = time.monotonic()
    with pytest.raises(OperationalError), measures._hurried(desk.engine, 0.2) as connection:
        connection.execute(endless)
    assert time.monotonic() - began < 5
    with desk.engine.connect() as connection:  # the next user of the connection is not hurried
        time.sleep(0.2)
        assert connection.execute(select(tables.event)).all() == []
