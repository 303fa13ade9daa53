from datetime import timedelta

from sqlalchemy import Engine, text

from tests.worker.rows import (
    NOW,
    POLICIES,
    minutes,
    put,
    record,
    set_reports,
    status,
    take_in,
    warning,
)
from worker.events import Kind
from worker.journal import gates, lanes, tables
from worker.journal.lanes import Standing
from worker.journal.states import State

RECORDS, WARNINGS = ("city", Kind.CHARGE_RECORD), ("city", Kind.SAFETY_WARNING)
LATER = NOW + minutes(10)


def standing(engine: Engine, lane: tuple[str, Kind] = RECORDS) -> Standing:
    found = lanes.lanes(engine, [RECORDS, WARNINGS], POLICIES, LATER)
    return next(one for one in found if (one.vendor, one.kind) == lane)


def test_an_idle_lane_is_shown_with_nothing_in_it(engine: Engine) -> None:
    one = standing(engine)
    assert (one.pending, one.sending, one.oldest_age_s, one.next_try_at) == (0, 0, None, None)
    assert one.gate is None
    assert one.configured


def test_a_lane_counts_its_reports_by_state(engine: Engine) -> None:
    states = (*(state for state in State), State.PENDING)
    take_in(engine, Kind.CHARGE_RECORD, [record(f"R{n}") for n in range(len(states))])
    for n, state in enumerate(states):
        set_reports(engine, {"subject": f"R{n}"}, state=state)
    one = standing(engine)
    counts = (one.pending, one.sending, one.unclear, one.held, one.refused, one.given_up)
    assert counts == (2, 1, 1, 1, 1, 1)


def test_the_oldest_waiting_report_gives_the_lane_its_age_and_the_next_try(engine: Engine) -> None:
    take_in(engine, Kind.CHARGE_RECORD, [record("R1")], now=NOW + minutes(5))
    take_in(engine, Kind.CHARGE_RECORD, [record("R2")])
    set_reports(engine, {"subject": "R2"}, due_at=NOW + minutes(30))
    one = standing(engine)
    assert one.oldest_created_at == NOW
    assert one.oldest_age_s == 600
    assert one.next_try_at == NOW + minutes(5)


def test_a_paused_lane_says_why_and_has_no_next_try(engine: Engine) -> None:
    take_in(engine, Kind.CHARGE_RECORD, [record("R1")])
    gates.pause(engine, "city", why="their maintenance", now=NOW)
    one = standing(engine)
    assert one.gate == "paused: their maintenance"
    assert one.next_try_at is None


def test_behind_an_open_breaker_the_next_try_is_the_next_probe(engine: Engine) -> None:
    take_in(engine, Kind.CHARGE_RECORD, [record("R1")])
    take_in(engine, Kind.SAFETY_WARNING, [warning("W1")])
    until = LATER + timedelta(seconds=40)
    gates.open_breaker(engine, "city", step=1, until=until, why="HTTP 500")
    one = standing(engine)
    assert one.gate == "breaker open: HTTP 500"
    assert one.next_try_at == until
    assert standing(engine, WARNINGS).gate == "probing"


def test_a_vendor_that_asked_to_wait_is_named_as_such(engine: Engine) -> None:
    take_in(engine, Kind.CHARGE_RECORD, [record("R1")])
    until = LATER + minutes(1)
    put(
        engine,
        tables.lane_state,
        vendor="city",
        kind="charge-record",
        not_before=until,
        why="HTTP 429",
    )
    one = standing(engine)
    assert one.gate == "asked to wait: HTTP 429"
    assert one.next_try_at == until


def test_reports_of_a_vendor_that_is_not_configured_are_shown_as_such(engine: Engine) -> None:
    take_in(engine, Kind.CONNECTOR_STATUS, [status("C1", 1)], vendors=("gone",))
    found = lanes.lanes(engine, [RECORDS], POLICIES, LATER)
    assert [(one.vendor, one.configured, one.pending) for one in found] == [
        ("city", True, 0),
        ("gone", False, 1),
    ]
    assert found[1].next_try_at is None
    unknown = lanes.lanes(engine, None, POLICIES, LATER)
    assert [(one.vendor, one.configured) for one in unknown] == [("gone", None)]


def test_counting_reads_no_settled_report(engine: Engine) -> None:
    explain = "EXPLAIN QUERY PLAN" if engine.dialect.name == "sqlite" else "EXPLAIN"
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SET enable_seqscan = off")
        for condition in lanes.UNSETTLED:
            query = f"SELECT vendor, kind, count(*) FROM report WHERE {condition} GROUP BY 1, 2"
            plan = str(connection.execute(text(f"{explain} {query}")).all())
            assert "ix_report_" in plan
