"""What a callback brought is published until it stands in the journal, whatever the broker does."""

import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

import pytest
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import Engine

from tests.worker.desk import CITY, RECORD, STATUS, WARNING, Desk
from tests.worker.given import RECORD as GIVEN_RECORD
from tests.worker.given import WARNING as GIVEN_WARNING
from tests.worker.given import record, status, warning
from worker import broker
from worker.arriving import publish_due
from worker.events import Kind, parse
from worker.journal import accept as intake
from worker.journal import arrivals, tables
from worker.journal import callback_tables as told
from worker.journal.arrivals import Arrival
from worker.journal.engine import writing
from worker.producer import Producer
from worker.wire import read_json, write_json

AWAY = "redis://127.0.0.1:1/0"  # nobody listens there
MANY = 2 * arrivals.BATCH + 7


@pytest.fixture
def desk(engine: Engine) -> Desk:
    return Desk(engine)


def bring(desk: Desk, *given: intake.Arrival, vendor: str = CITY) -> None:
    """A callback of the vendor brought these."""
    kept = [Arrival(a.event.kind, a.event.identity, a.body) for a in given]
    with writing(desk.engine) as connection:
        arrivals.bring(connection, vendor, kept, desk.now)


def due(desk: Desk) -> list[str]:
    return [arrival.identity for arrival in arrivals.due(desk.engine, desk.now)]


def queued(redis: Redis, kind: Kind = WARNING) -> list[object]:
    """What stands on the queue, first published first."""
    return [read_json(item) for item in reversed(redis.lrange(kind.value, 0, -1))]


def left(desk: Desk) -> int:
    return len(desk.all(told.callback_event))


def take(desk: Desk, redis: Redis, kind: Kind = WARNING) -> None:
    """What the intake does with all that is queued."""
    items = queued(redis, kind)
    redis.delete(kind.value)
    desk.accept(*(intake.Arrival(parse(kind, item), write_json(item)) for item in items))


def test_what_was_brought_is_due_at_once_as_it_came(desk: Desk) -> None:
    bring(desk, warning(), record())
    published = arrivals.due(desk.engine, desk.now)
    assert [(a.kind, a.identity) for a in published] == [(WARNING, "W-1"), (RECORD, "A-1")]
    assert [read_json(a.body) for a in published] == [GIVEN_WARNING, GIVEN_RECORD]


def test_nothing_brought_leaves_nothing(desk: Desk) -> None:
    bring(desk)
    assert (left(desk), due(desk)) == (0, [])


def test_until_it_has_arrived_it_is_due_again_and_again(desk: Desk) -> None:
    bring(desk, warning())
    for wait_s in (5, 15, 60, 300, 300, 300):
        assert due(desk) == ["W-1"]
        desk.forward(wait_s - 1)
        assert due(desk) == []
        desk.forward(1)
    (row,) = desk.all(told.callback_event)
    assert (row.vendor, row.tries) == (CITY, 6)


def test_what_stands_in_the_journal_is_forgotten(desk: Desk) -> None:
    bring(desk, warning(1), warning(2))
    assert due(desk) == ["W-1", "W-2"]
    desk.accept(warning(1))
    assert left(desk) == 2
    desk.forward(5)
    assert (due(desk), left(desk)) == (["W-2"], 1)


def test_what_stands_in_the_journal_before_is_never_published(desk: Desk) -> None:
    desk.accept(warning())
    bring(desk, warning())
    assert (due(desk), left(desk)) == ([], 0)


def test_an_event_of_another_kind_or_identity_is_not_taken_for_it(desk: Desk) -> None:
    desk.accept(record(1, orderNo="W-1"), warning(2), warning(1, cleared=True))
    bring(desk, warning(1))
    assert due(desk) == ["W-1"]


def test_more_than_a_batch_is_published_by_and_by_the_first_first(desk: Desk) -> None:
    bring(desk, *(warning(n) for n in range(MANY)))
    published = [due(desk) for _ in range(4)]
    assert [len(batch) for batch in published] == [arrivals.BATCH, arrivals.BATCH, 7, 0]
    assert list(chain(*published)) == [f"W-{n}" for n in range(MANY)]


def test_several_workers_at_once_publish_each_once(desk: Desk) -> None:
    bring(desk, *(warning(n) for n in range(MANY)))
    start = threading.Barrier(4)

    def work() -> list[str]:
        start.wait()
        mine: list[str] = []
        while some := due(desk):
            mine += some
        return mine

    with ThreadPoolExecutor(4) as pool:
        each = [done.result() for done in [pool.submit(work) for _ in range(4)]]
    published = [*chain(*each), *due(desk)]  # what another had locked was skipped, not lost
    assert sorted(published) == sorted(f"W-{n}" for n in range(MANY))
    assert {row.tries for row in desk.all(told.callback_event)} == {1}


def test_each_kind_goes_to_its_own_queue(desk: Desk, redis: Redis) -> None:
    bring(desk, record(1), warning(1), status(), record(2))
    assert publish_due(desk.engine, redis, desk.now) == 4
    assert [item["orderNo"] for item in queued(redis, RECORD)] == ["A-1", "A-2"]
    assert [item["warningId"] for item in queued(redis, WARNING)] == ["W-1"]
    assert [item["connectorId"] for item in queued(redis, STATUS)] == ["C-1"]
    assert publish_due(desk.engine, redis, desk.now) == 0


def test_amounts_come_out_as_they_went_in(desk: Desk, redis: Redis) -> None:
    given = record(totalMoney="12.30", power="0.1")
    bring(desk, given)
    publish_due(desk.engine, redis, desk.now)
    (item,) = queued(redis, RECORD)
    assert parse(RECORD, item).content_hash() == given.event.content_hash()


def test_a_queue_that_was_lost_is_filled_again(desk: Desk, redis: Redis) -> None:
    bring(desk, warning())
    publish_due(desk.engine, redis, desk.now)
    redis.flushdb()
    assert queued(redis) == []
    desk.forward(5)
    assert publish_due(desk.engine, redis, desk.now) == 1
    take(desk, redis)
    desk.forward(15)
    assert publish_due(desk.engine, redis, desk.now) == 0
    assert (left(desk), len(desk.all(tables.event))) == (0, 1)


def test_what_was_published_more_than_once_arrives_once(desk: Desk, redis: Redis) -> None:
    bring(desk, warning(), record())
    for wait_s in (5, 15, 60):
        publish_due(desk.engine, redis, desk.now)
        desk.forward(wait_s)
    for kind in (WARNING, RECORD):
        assert len(queued(redis, kind)) == 3
        take(desk, redis, kind)
    assert sorted(desk.told()) == [("A-1", "pending"), ("W-1", "pending")]
    assert desk.all(tables.conflict) == []


def test_without_the_broker_it_says_so_and_the_event_is_due_again(desk: Desk, redis: Redis) -> None:
    bring(desk, warning())
    with broker.connect(AWAY) as away, pytest.raises(RedisError):
        publish_due(desk.engine, away, desk.now)
    assert publish_due(desk.engine, redis, desk.now) == 0
    desk.forward(5)
    assert publish_due(desk.engine, redis, desk.now) == 1
    assert len(queued(redis)) == 1


def test_what_the_same_vendor_or_another_brings_again_is_one_event(
    desk: Desk, redis: Redis
) -> None:
    bring(desk, warning())
    bring(desk, warning(), vendor="mall")
    assert publish_due(desk.engine, redis, desk.now) == 2
    take(desk, redis)
    desk.forward(5)
    assert publish_due(desk.engine, redis, desk.now) == 0
    assert (left(desk), desk.told()) == (0, [("W-1", "pending")])


def test_a_producer_that_tells_the_same_event_spares_the_publishing(
    desk: Desk, redis: Redis
) -> None:
    Producer(redis).publish(WARNING, [GIVEN_WARNING])
    take(desk, redis)
    bring(desk, warning())
    assert publish_due(desk.engine, redis, desk.now) == 0
