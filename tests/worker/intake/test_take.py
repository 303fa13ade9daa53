import fakeredis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis import Redis
from redis.exceptions import OutOfMemoryError

from worker.broker import RELEASED
from worker.intake.take import Batch, Taker

QUEUE = "charge-record"


@pytest.fixture
def redis() -> fakeredis.FakeRedis:
    return fakeredis.FakeRedis()


def taker(
    redis: fakeredis.FakeRedis, worker: str = "one", items: int = 100, size: int = 10_000
) -> Taker:
    return Taker(redis, QUEUE, worker, max_items=items, max_bytes=size)


def publish(redis: fakeredis.FakeRedis, *items: bytes) -> None:
    for item in items:
        redis.lpush(QUEUE, item)


def test_items_are_taken_in_the_order_in_which_they_were_published(
    redis: fakeredis.FakeRedis,
) -> None:
    publish(redis, b"1", b"2", b"3")
    assert taker(redis).take("a") == Batch("a", [b"1", b"2", b"3"])
    assert redis.llen(QUEUE) == 0


def test_an_empty_queue_gives_nothing_and_leaves_no_trace(redis: fakeredis.FakeRedis) -> None:
    assert taker(redis).take("a") is None
    assert redis.keys() == []


def test_a_batch_ends_at_its_count(redis: fakeredis.FakeRedis) -> None:
    publish(redis, b"1", b"2", b"3")
    first = taker(redis, items=2).take("a")
    assert first == Batch("a", [b"1", b"2"])
    assert redis.lrange(QUEUE, 0, -1) == [b"3"]


def test_a_batch_ends_once_it_holds_its_bytes_but_has_at_least_one_item(
    redis: fakeredis.FakeRedis,
) -> None:
    publish(redis, b"xxx", b"xxx", b"xxx", b"x" * 50)
    mine = taker(redis, size=5)
    first = mine.take("a")
    assert first == Batch("a", [b"xxx", b"xxx"])
    mine.release(first)
    second = mine.take("b")
    assert second == Batch("b", [b"xxx", b"x" * 50])


def test_what_was_taken_and_not_released_is_taken_again_with_its_id(
    redis: fakeredis.FakeRedis,
) -> None:
    publish(redis, b"1", b"2")
    taker(redis).take("a")
    publish(redis, b"3")
    assert taker(redis).take("b") == Batch("a", [b"1", b"2"])
    assert redis.lrange(QUEUE, 0, -1) == [b"3"]


def test_a_released_batch_is_gone_and_the_next_one_has_its_own_id(
    redis: fakeredis.FakeRedis,
) -> None:
    publish(redis, b"1")
    mine = taker(redis)
    first = mine.take("a")
    assert first is not None
    assert mine.release(first)
    assert redis.keys() == [RELEASED.format(queue="charge-record").encode()]
    publish(redis, b"2")
    assert mine.take("b") == Batch("b", [b"2"])


def test_only_who_names_the_batch_releases_it(redis: fakeredis.FakeRedis) -> None:
    publish(redis, b"1")
    mine = taker(redis)
    batch = mine.take("a")
    assert batch is not None
    assert not mine.release(Batch("other", batch.items))
    assert mine.take("b") == batch
    assert mine.release(batch)
    assert not mine.release(batch)


def test_a_late_release_does_not_touch_the_next_batch(redis: fakeredis.FakeRedis) -> None:
    publish(redis, b"1")
    mine, other = taker(redis), taker(redis)
    first = mine.take("a")
    assert first is not None
    other.release(first)
    publish(redis, b"2")
    second = other.take("b")
    assert not mine.release(first)
    assert other.take("c") == second


def test_waiting_moves_nothing(redis: fakeredis.FakeRedis) -> None:
    """Two workers of one name: what one waits for must not slip into what the other releases."""
    publish(redis, b"1", b"2", b"3")
    mine, twin = taker(redis, items=1), taker(redis)
    batch = mine.take("a")
    assert batch == Batch("a", [b"1"])
    twin.wait(1)
    assert mine.release(batch)
    assert twin.take("b") == Batch("b", [b"2", b"3"])


def test_taking_what_is_held_takes_nothing_from_the_queue(redis: fakeredis.FakeRedis) -> None:
    publish(redis, b"1", b"2")
    taker(redis, "dead", items=1).take("a")
    adopted = taker(redis, "dead").take_held("b")
    assert adopted == Batch("a", [b"1"])
    taker(redis, "dead").release(adopted)
    assert taker(redis, "dead").take_held("c") is None
    assert redis.lrange(QUEUE, 0, -1) == [b"2"]


def test_what_fills_a_broker_to_the_brim_can_still_be_taken_and_released(valkey_url: str) -> None:
    with Redis.from_url(valkey_url) as redis:
        redis.lpush(QUEUE, b"1", b"2")
        redis.config_set("maxmemory", "1")
        try:
            with pytest.raises(OutOfMemoryError):
                redis.lpush(QUEUE, b"3")
            mine = Taker(redis, QUEUE, "one", max_items=100, max_bytes=10_000)
            assert mine.take("a") == Batch("a", [b"1", b"2"])
            assert mine.release(Batch("a", [b"1", b"2"]))
        finally:
            redis.config_set("maxmemory", "0")


def test_two_workers_never_take_the_same_item(redis: fakeredis.FakeRedis) -> None:
    publish(redis, *(b"%d" % n for n in range(10)))
    taken = [taker(redis, name, items=5).take(name) for name in ("one", "two", "three")]
    assert [batch.items if batch else None for batch in taken] == [
        [b"%d" % n for n in range(5)],
        [b"%d" % n for n in range(5, 10)],
        None,
    ]


@given(
    st.lists(st.binary(min_size=1, max_size=20), max_size=40), st.integers(1, 7), st.integers(1, 60)
)
@settings(deadline=None, max_examples=50)
def test_every_item_is_taken_once_and_in_order_whatever_the_caps_are(
    items: list[bytes], count: int, size: int
) -> None:
    redis = fakeredis.FakeRedis()
    publish(redis, *items)
    mine = taker(redis, items=count, size=size)
    taken: list[bytes] = []
    while batch := mine.take(f"batch-{len(taken)}"):
        assert len(batch.items) <= count
        assert sum(map(len, batch.items[:-1])) < size
        taken += batch.items
        assert mine.release(batch)
    assert taken == items
