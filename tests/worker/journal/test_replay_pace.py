"""When a replayed report becomes due, and what a replay gives way to."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, event

from tests.worker.desk import RECORD, STATUS, Desk
from tests.worker.rows import (
    NOW,
    POLICIES,
    all_of,
    minutes,
    record,
    set_reports,
    states,
    status,
    take_in,
    warning,
)
from worker.events import Kind
from worker.journal import replay, tables
from worker.journal.listings import Filters
from worker.journal.replay import Counts
from worker.journal.states import State
from worker.outcomes import Accepted

LATER = NOW + minutes(60)
MANY = 2 * replay.BATCH + 3
REFUSED = Filters(states=(State.REFUSED,))


def replayed(
    engine: Engine,
    filters: Filters = REFUSED,
    *,
    again: bool = False,
    per_s: float = 2,
    asked_at: datetime | None = None,
    sleep: Callable[[float], object] = lambda _: None,
) -> Counts:
    return replay.replay(
        engine, filters, POLICIES, LATER, again=again, per_s=per_s, asked_at=asked_at, sleep=sleep
    )


def due(engine: Engine, **where: object) -> list[datetime]:
    """When the reports are due, in the order of their ids."""
    rows = [r for r in all_of(engine, tables.report) if where.items() <= r.items()]
    return [row["due_at"] for row in rows]


def after(*seconds: float) -> list[datetime]:
    return [LATER + timedelta(seconds=one) for one in seconds]


def refused(engine: Engine, count: int, vendors: Sequence[str] = ("city",)) -> None:
    take_in(engine, RECORD, [record(f"R{n}") for n in range(count)], vendors=vendors)
    for vendor in vendors:
        set_reports(engine, {"vendor": vendor}, state=State.REFUSED)


def test_the_reports_of_a_vendor_become_due_one_after_the_other(engine: Engine) -> None:
    refused(engine, 4)
    replayed(engine, per_s=2)
    assert due(engine) == after(0, 0.5, 1, 1.5)


def test_two_vendors_are_told_side_by_side(engine: Engine) -> None:
    each = replay.BATCH // 2 + 50
    refused(engine, each, ("city", "mall"))
    replayed(engine, per_s=1)
    assert due(engine, vendor="city") == after(*range(each))
    assert due(engine, vendor="mall") == after(*range(each))


def test_a_batch_goes_on_where_the_one_before_ended(engine: Engine) -> None:
    refused(engine, MANY)
    replayed(engine, per_s=100)
    assert due(engine) == after(*(place / 100 for place in range(MANY)))


def test_a_safety_warning_goes_before_what_is_older(engine: Engine) -> None:
    refused(engine, 2)
    take_in(engine, Kind.SAFETY_WARNING, [warning("W1")])
    set_reports(engine, {"kind": "safety-warning"}, state=State.REFUSED)
    replayed(engine, per_s=1)
    assert due(engine) == after(1, 2, 0)


def test_an_overtaken_status_takes_no_place(engine: Engine) -> None:
    for connector, minute in (("C1", 0), ("C1", 1), ("C2", 0)):
        take_in(engine, STATUS, [status(connector, 1, minute)])
        set_reports(engine, {"state": State.PENDING}, state=State.EXPIRED)
    replayed(engine, Filters(vendor="city"), per_s=1)
    assert due(engine, state="pending") == after(0, 1)


def test_what_is_pending_is_never_put_off(engine: Engine) -> None:
    take_in(engine, RECORD, [record("R1"), record("R2"), record("R3")])
    set_reports(engine, {"event_id": 2}, due_at=LATER - minutes(1))
    set_reports(engine, {"event_id": 3}, due_at=LATER + minutes(30))
    set_reports(engine, {"event_id": 1}, state=State.REFUSED)
    replayed(engine, Filters(vendor="city"), per_s=1)
    assert due(engine) == [LATER, LATER - minutes(1), LATER + timedelta(seconds=2)]


def test_a_status_whose_turn_comes_late_is_still_worth_telling_then(engine: Engine) -> None:
    desk = Desk(engine, NOW)
    take_in(engine, STATUS, [status("C1", 1), status("C2", 1)])
    set_reports(engine, {"vendor": "city"}, state=State.EXPIRED)
    worth_s = POLICIES[STATUS].worth_s
    assert worth_s is not None
    replayed(engine, Filters(vendor="city"), per_s=1 / (3 * worth_s))
    desk.now = LATER
    assert [claim.report_id for claim in desk.claim(STATUS)] == [1]
    desk.forward(3 * worth_s)
    assert desk.end_worth() == 0
    assert [claim.report_id for claim in desk.claim(STATUS)] == [2]


def test_what_is_accepted_after_the_asking_is_not_told_twice(engine: Engine) -> None:
    take_in(engine, RECORD, [record("R1"), record("R2")])
    asked_at = LATER - minutes(5)
    set_reports(engine, {"event_id": 1}, state=State.ACCEPTED, settled_at=asked_at - minutes(1))
    set_reports(engine, {"event_id": 2}, state=State.ACCEPTED, settled_at=asked_at + minutes(1))
    assert replayed(engine, Filters(vendor="city"), again=True, asked_at=asked_at).total() == 1
    assert states(engine) == {("city", 1): "pending", ("city", 2): "accepted"}


def test_single_reports_are_replayed_by_their_ids(engine: Engine) -> None:
    refused(engine, 4)
    chosen = Filters(report_ids=(2, 4, 4711))
    assert replay.plan(engine, chosen, again=False).total() == 2
    assert replayed(engine, chosen).total() == 2
    assert [number for (_, number), state in states(engine).items() if state == "pending"] == [2, 4]


def test_every_batch_but_the_first_gives_way_to_others(engine: Engine) -> None:
    refused(engine, MANY)
    waits: list[float] = []
    replayed(engine, sleep=waits.append)
    assert waits == [replay.GIVE_WAY_S, replay.GIVE_WAY_S]


def test_what_is_refused_once_more_meanwhile_is_replayed_only_once(engine: Engine) -> None:
    refused(engine, MANY)

    def refuse(_: float) -> None:
        set_reports(engine, {"state": State.PENDING}, state=State.REFUSED)

    assert replayed(engine, sleep=refuse).total() == MANY
    assert list(states(engine).values()).count("refused") == 2 * replay.BATCH


def test_what_a_worker_has_taken_since_the_look_is_left_to_it(engine: Engine) -> None:
    take_in(engine, RECORD, [record("R1"), record("R2")])

    def take(_c: object, _k: object, statement: str, *_: object) -> None:
        if "LIMIT" in statement:
            set_reports(engine, {"event_id": 1}, state=State.SENDING)

    event.listen(engine, "after_cursor_execute", take)
    assert replayed(engine, Filters(kind=RECORD)).total() == 1
    event.remove(engine, "after_cursor_execute", take)
    assert states(engine) == {("city", 1): "sending", ("city", 2): "pending"}


def test_what_arrives_meanwhile_is_left_alone(engine: Engine) -> None:
    refused(engine, MANY)

    def arrive(_: float) -> None:
        take_in(engine, RECORD, [record("new")])
        set_reports(engine, {"event_id": MANY + 1}, state=State.REFUSED)

    replayed(engine, sleep=arrive)
    assert [number for (_, number), state in states(engine).items() if state == "refused"] == [
        MANY + 1
    ]


def test_a_replay_that_was_cut_short_is_finished_by_the_next_one(engine: Engine) -> None:
    refused(engine, MANY)

    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replayed(engine, sleep=interrupt)
    assert Counter(states(engine).values()) == {"pending": replay.BATCH, "refused": MANY - 500}
    assert replayed(engine).total() == MANY - replay.BATCH
    assert set(states(engine).values()) == {"pending"}


def test_beside_a_busy_worker_every_replayed_report_is_claimed_once(engine: Engine) -> None:
    refused(engine, MANY)
    desk = Desk(engine, LATER + minutes(1))
    told: Counter[int] = Counter()

    def work() -> None:
        claims = desk.claim(RECORD)
        told.update(claim.report_id for claim in claims)
        desk.settle(claims, Accepted())

    with ThreadPoolExecutor(1) as pool:
        by_hand = pool.submit(replayed, engine, Filters(vendor="city"), again=True, per_s=1e6)
        while not by_hand.done():
            work()
    while list(states(engine).values()).count("pending"):
        work()
    assert by_hand.result().total() == MANY
    assert told == Counter(range(1, MANY + 1))
