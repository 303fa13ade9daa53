import threading
import time
from typing import Any

import pytest
from sqlalchemy import Engine, update

from config.settings import Settings
from tests.worker.desk import CITY, RECORD, STATUS, Desk, attempt
from tests.worker.failing import fail, handle
from tests.worker.given import record, status
from worker.journal import arrivals, tables
from worker.journal import callback_tables as told
from worker.journal.accept import Unread
from worker.journal.arrivals import Arrival
from worker.journal.engine import writing
from worker.journal.prune import BATCH, REST, prune
from worker.outcomes import Accepted, OnUnclear, Refused, TryLater, Unclear

DAY_S = 86_400
SETTINGS = Settings(_env_file=None, keep_status_days=1, keep_record_days=10, keep_reject_days=5)


@pytest.fixture
def desk(engine: Engine) -> Desk:
    return Desk(engine)


def pruned(desk: Desk, **how: Any) -> int:  # noqa: ANN401 as they are
    return prune(desk.engine, SETTINGS, desk.now, **how)


def counts(desk: Desk) -> dict[str, int]:
    kept = (tables.event, tables.report, tables.attempt, tables.attempt_report, tables.conflict)
    return {table.name: len(desk.all(table)) for table in kept}


def test_each_kind_is_kept_as_long_as_it_is_said(desk: Desk) -> None:
    desk.accept(status(second=1), record())
    desk.settle(desk.claim(STATUS), Accepted())
    desk.settle(desk.claim(RECORD), Accepted())
    desk.forward(DAY_S / 2)
    desk.accept(status(second=2))
    desk.settle(desk.claim(STATUS), Accepted())
    desk.forward(DAY_S / 2)
    assert pruned(desk) == 0
    desk.forward(1)
    assert pruned(desk) == 1
    assert sorted(e.kind for e in desk.all(tables.event)) == [RECORD, STATUS]
    desk.forward(9 * DAY_S)
    assert pruned(desk) == 1
    assert pruned(desk) == 0


def test_a_worker_that_stops_does_not_wait_for_the_pruning_to_end(desk: Desk) -> None:
    desk.accept(record())
    desk.settle(desk.claim(RECORD), Accepted())
    desk.forward(11 * DAY_S)
    stopping = threading.Event()
    stopping.set()
    assert pruned(desk, stopping=stopping) == 0
    assert pruned(desk) == 1


class Rests(threading.Event):
    """Never set; remembers how long it was waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.lasted_s: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.lasted_s.append(timeout or 0.0)
        return False


def test_after_each_full_batch_pruning_rests_for_longer_than_it_took(desk: Desk) -> None:
    desk.accept(*(record(n) for n in range(2 * BATCH + 1)))
    desk.settle(desk.claim(RECORD, limit=3 * BATCH), Accepted())
    desk.forward(11 * DAY_S)
    rests = Rests()
    before = time.monotonic()
    assert pruned(desk, stopping=rests) == 2 * BATCH + 1
    took_s = time.monotonic() - before
    assert len(rests.lasted_s) == 2
    assert 0 < sum(rests.lasted_s) < REST[desk.engine.dialect.name] * took_s


def test_with_an_event_go_its_reports_attempts_and_decided_conflicts(desk: Desk) -> None:
    desk.route = lambda _: [CITY, "garage"]
    desk.accept(record(), record(totalMoney=1))
    for vendor in (CITY, "garage"):
        claims = desk.claim(RECORD, vendor)
        tries = [attempt(claims[0].report_id, outcome=TryLater("busy")) for _ in range(3)]
        desk.settle(claims, Accepted(), *tries)
    decide(desk)
    desk.forward(11 * DAY_S)
    assert pruned(desk) == 1
    assert set(counts(desk).values()) == {0}


def test_an_attempt_stays_as_long_as_one_of_its_reports_does(desk: Desk) -> None:
    desk.accept(record(1))
    desk.forward(9 * DAY_S)
    desk.accept(record(2))
    desk.settle(desk.claim(RECORD), Accepted(), attempt(1, 2, outcome=Accepted()))
    desk.forward(2 * DAY_S)
    assert pruned(desk) == 1
    assert counts(desk) | {"conflict": 0} == {
        "event": 1,
        "report": 1,
        "attempt": 1,
        "attempt_report": 1,
        "conflict": 0,
    }
    desk.forward(9 * DAY_S)
    assert pruned(desk) == 1
    assert set(counts(desk).values()) == {0}


def test_what_waits_or_awaits_a_person_is_kept_for_ever(desk: Desk) -> None:
    desk.accept(*(record(n) for n in range(5)))
    for outcome in (Refused("bad"), TryLater("busy"), Unclear("silence")):
        desk.settle(desk.claim(RECORD, limit=1), outcome, rule=OnUnclear.HOLD)
    desk.claim(RECORD, limit=1)
    assert set(desk.states().values()) == {"pending", "refused", "held", "sending"}
    desk.forward(10_000 * DAY_S)
    assert pruned(desk) == 0
    assert counts(desk)["report"] == 5


def test_an_event_waits_for_the_slowest_of_its_vendors(desk: Desk) -> None:
    desk.route = lambda _: [CITY, "garage"]
    desk.accept(record())
    desk.settle(desk.claim(RECORD), Accepted())
    desk.forward(11 * DAY_S)
    assert pruned(desk) == 0
    desk.settle(desk.claim(RECORD, "garage"), Accepted())
    assert pruned(desk) == 1


def test_a_conflict_that_nobody_has_decided_keeps_its_event(desk: Desk) -> None:
    desk.accept(record(), record(totalMoney=1))
    desk.settle(desk.claim(RECORD), Accepted())
    desk.forward(11 * DAY_S)
    assert pruned(desk) == 0
    decide(desk)
    assert pruned(desk) == 1


def test_the_newest_status_of_a_connector_stays_to_be_told_again(desk: Desk) -> None:
    desk.accept(status(second=2))
    desk.settle(desk.claim(STATUS), Accepted())
    desk.forward(2 * DAY_S)
    assert pruned(desk) == 0
    desk.accept(status(second=1))
    assert list(desk.states().values()) == ["accepted", "superseded"]


def test_rejects_go_after_their_time_and_batch_ids_after_two_days(desk: Desk) -> None:
    desk.accept(batch="b", unread=[Unread("bad", b"{", 1)])
    desk.forward(2 * DAY_S)
    pruned(desk)
    assert [len(desk.all(t)) for t in (tables.intake_batch, tables.reject)] == [1, 1]
    desk.forward(1)
    pruned(desk)
    assert [len(desk.all(t)) for t in (tables.intake_batch, tables.reject)] == [0, 1]
    desk.forward(3 * DAY_S)
    pruned(desk)
    assert desk.all(tables.reject) == []


def test_callbacks_and_failed_reports_go_after_their_time(desk: Desk) -> None:
    kept = Settings(_env_file=None, keep_callback_days=3)
    desk.accept(record())
    desk.settle(desk.claim(RECORD), Accepted())
    fail(desk, record().event)
    handle(desk)
    desk.forward(DAY_S)
    fail(desk, None, request_id="R-2")
    desk.forward(2 * DAY_S)
    prune(desk.engine, kept, desk.now)
    assert [len(desk.all(t)) for t in (told.callback, told.failed_report)] == [2, 2]
    desk.forward(1)
    assert prune(desk.engine, kept, desk.now) == 0
    (left,) = desk.all(told.failed_report)
    assert (left.request_id, len(desk.all(told.callback))) == ("R-2", 1)
    assert (counts(desk)["report"], desk.states()) == (1, {1: "unclear"})
    desk.forward(DAY_S)
    prune(desk.engine, kept, desk.now)
    assert [len(desk.all(t)) for t in (told.callback, told.failed_report)] == [0, 0]


def test_an_event_that_a_callback_brought_stays_until_it_has_arrived(desk: Desk) -> None:
    with writing(desk.engine) as connection:
        arrivals.bring(connection, CITY, [Arrival(RECORD, "A-1", record().body)], desk.now)
    desk.forward(10_000 * DAY_S)
    pruned(desk)
    assert len(desk.all(told.callback_event)) == 1


def test_many_old_callbacks_go_at_once(desk: Desk) -> None:
    row = {"vendor": CITY, "name": "cell-risk", "received_at": desk.now, "outcome": "refused"}
    rows = [row | {"http_status": 401, "reason": "", "body": ""} for _ in range(1200)]
    with writing(desk.engine) as connection:
        connection.execute(told.callback.insert(), rows)
    desk.forward(91 * DAY_S)
    pruned(desk)
    assert desk.all(told.callback) == []


def test_much_is_pruned_in_small_batches_and_the_next_call_goes_on(desk: Desk) -> None:
    desk.accept(*(record(n) for n in range(1200)))
    claims = desk.claim(RECORD, limit=1200)
    carried = [attempt(claim.report_id, outcome=Accepted()) for claim in claims]
    desk.settle(claims, Accepted(), *carried)
    desk.forward(11 * DAY_S)
    assert [pruned(desk, for_s=0) for _ in range(3)] == [100, 100, 100]
    assert [pruned(desk), pruned(desk)] == [900, 0]
    assert set(counts(desk).values()) == {0}


def decide(desk: Desk) -> None:
    with writing(desk.engine) as connection:
        connection.execute(update(tables.conflict).values(decision="kept"))
