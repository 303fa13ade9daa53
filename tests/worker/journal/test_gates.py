from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine

from tests.worker.desk import RECORD, STATUS, WARNING, Desk
from tests.worker.given import NOON
from worker.events import Kind
from worker.journal import gates
from worker.journal.gates import Gate


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def look(engine: Engine, kind: Kind = RECORD, seconds: float = 0, vendor: str = "city") -> Gate:
    return gates.look(engine, vendor, kind, urgent=kind is WARNING, now=after(seconds))


def wait(engine: Engine, seconds: float, kind: Kind = RECORD) -> None:
    """As an answer asks it of the whole lane of records."""
    assert kind is RECORD
    Desk(engine).settle([], None, not_before=(after(seconds), "HTTP 429"))


def test_the_gate_of_a_vendor_nothing_is_known_of_is_open(engine: Engine) -> None:
    assert look(engine) == Gate()


def test_a_paused_vendor_is_sent_nothing_of_any_kind_until_it_is_resumed(engine: Engine) -> None:
    gates.pause(engine, "city", why="repairs", now=NOON)
    for kind in Kind:
        assert look(engine, kind, 10**6) == Gate(shut="paused: repairs")
    assert look(engine, vendor="garage") == Gate()
    assert gates.resume(engine, "city")
    assert look(engine) == Gate()


def test_a_pause_needs_no_reason_and_a_second_one_replaces_it(engine: Engine) -> None:
    gates.pause(engine, "city", why=None, now=NOON)
    assert look(engine).shut == "paused: by hand"
    gates.pause(engine, "city", why="repairs", now=NOON)
    assert look(engine).shut == "paused: repairs"


def test_resuming_says_whether_it_was_paused(engine: Engine) -> None:
    assert not gates.resume(engine, "city")
    gates.pause(engine, "city", why=None, now=NOON)
    assert gates.resume(engine, "city")
    assert not gates.resume(engine, "city")


def test_a_lane_waits_as_long_as_it_was_asked_and_others_do_not(engine: Engine) -> None:
    wait(engine, 60)
    assert look(engine, seconds=59) == Gate(shut="HTTP 429", until=after(60))
    assert look(engine, seconds=60) == Gate()
    assert look(engine, STATUS) == Gate()


def test_an_open_breaker_shuts_all_lanes_of_its_vendor_then_lets_probes_through(
    engine: Engine,
) -> None:
    gates.open_breaker(engine, "city", step=2, until=after(10), why="HTTP 500")
    shut = Gate(shut="breaker open: HTTP 500", until=after(10), breaker_step=2)
    assert look(engine, seconds=9) == look(engine, STATUS, 9) == shut
    assert look(engine, seconds=10) == Gate(probing=True, breaker_step=2)
    assert look(engine, vendor="garage") == Gate()


def test_a_warning_passes_an_open_breaker_but_no_pause(engine: Engine) -> None:
    gates.open_breaker(engine, "city", step=1, until=after(10), why="HTTP 500")
    assert look(engine, WARNING) == Gate(probing=True, breaker_step=1)
    gates.pause(engine, "city", why="repairs", now=NOON)
    assert look(engine, WARNING).shut == "paused: repairs"


def test_a_closed_breaker_leaves_no_trace_at_the_gate(engine: Engine) -> None:
    gates.open_breaker(engine, "city", step=1, until=after(10), why="HTTP 500")
    gates.close_breaker(engine, "city")
    assert look(engine) == Gate()


def test_a_breaker_that_opens_or_closes_meanwhile_leaves_a_pause_alone(engine: Engine) -> None:
    gates.pause(engine, "city", why="repairs", now=NOON)
    gates.open_breaker(engine, "city", step=1, until=after(10), why="HTTP 500")
    assert look(engine).shut == "paused: repairs"
    gates.close_breaker(engine, "city")
    assert look(engine).shut == "paused: repairs"


def test_a_pause_leaves_an_open_breaker_alone(engine: Engine) -> None:
    gates.open_breaker(engine, "city", step=3, until=after(10), why="HTTP 500")
    gates.pause(engine, "city", why=None, now=NOON)
    assert look(engine).breaker_step == 3


@pytest.mark.parametrize("kind", [RECORD, STATUS])
def test_a_resumed_vendor_is_asked_at_once(engine: Engine, kind: Kind) -> None:
    gates.open_breaker(engine, "city", step=5, until=after(60), why="HTTP 500")
    wait(engine, 3600)
    gates.pause(engine, "city", why=None, now=NOON)
    gates.resume(engine, "city")
    assert look(engine, kind) == Gate()
