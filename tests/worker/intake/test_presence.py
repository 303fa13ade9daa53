import fakeredis
import pytest
from redis.exceptions import ConnectionError as Gone

from worker.intake.presence import MOST_TRIES, Presence


@pytest.fixture
def redis() -> fakeredis.FakeRedis:
    return fakeredis.FakeRedis()


def present(redis: fakeredis.FakeRedis, node: str = "host-a") -> Presence:
    return Presence(redis, node, ttl_s=15)


def falls_silent(redis: fakeredis.FakeRedis, name: str) -> None:
    """As its heartbeat's key expires."""
    assert redis.delete(f"relay:intake:alive:{name}") == 1


def test_a_worker_has_its_nodes_name(redis: fakeredis.FakeRedis) -> None:
    assert present(redis).name == "host-a"


def test_a_second_worker_of_one_node_gets_another_name(redis: fakeredis.FakeRedis) -> None:
    assert [present(redis).name for _ in range(3)] == ["host-a", "host-a~2", "host-a~3"]


def test_a_worker_started_again_takes_its_name_up_once_the_old_heart_has_stopped(
    redis: fakeredis.FakeRedis,
) -> None:
    present(redis)
    falls_silent(redis, "host-a")
    assert present(redis).name == "host-a"


def test_a_sign_of_life_expires_by_itself(redis: fakeredis.FakeRedis) -> None:
    worker = present(redis)
    assert 0 < redis.pttl("relay:intake:alive:host-a") <= 15_000
    redis.pexpire("relay:intake:alive:host-a", 1000)
    worker.beat()
    assert redis.pttl("relay:intake:alive:host-a") > 1000


def test_the_dead_are_those_without_a_sign_of_life(redis: fakeredis.FakeRedis) -> None:
    mine = present(redis, "me")
    present(redis, "well")
    present(redis, "gone")
    present(redis, "also-gone")
    falls_silent(redis, "gone")
    falls_silent(redis, "also-gone")
    assert mine.dead() == ["also-gone", "gone"]


def test_nobody_thinks_itself_dead(redis: fakeredis.FakeRedis) -> None:
    mine = present(redis)
    falls_silent(redis, "host-a")
    assert mine.dead() == []


def test_the_buried_are_dead_no_more_until_they_live_and_die_again(
    redis: fakeredis.FakeRedis,
) -> None:
    mine, other = present(redis, "me"), present(redis, "other")
    falls_silent(redis, "other")
    mine.bury("other")
    assert mine.dead() == []
    other.beat()
    assert mine.dead() == []
    falls_silent(redis, "other")
    assert mine.dead() == ["other"]


def test_who_leaves_can_be_followed_at_once(redis: fakeredis.FakeRedis) -> None:
    mine, other = present(redis, "me"), present(redis, "other")
    other.leave()
    assert mine.dead() == ["other"]
    assert present(redis, "other").name == "other"


def test_a_broker_that_forgot_everything_knows_us_again_by_the_next_beat(
    redis: fakeredis.FakeRedis,
) -> None:
    mine, other = present(redis, "me"), present(redis, "other")
    redis.flushall()
    mine.beat()
    other.beat()
    falls_silent(redis, "other")
    assert mine.dead() == ["other"]


class CutOff(fakeredis.FakeRedis):
    """A broker that goes away before, or after, it has done as it was told."""

    def __init__(self, times: int, *, after: bool = False) -> None:
        super().__init__()
        self.times, self.after, self.slept = times, after, 0.0

    def set(self, *args: object, **options: object) -> object:
        done = super().set(*args, **options) if self.after or not self.times else None  # type: ignore[arg-type]
        if self.times:
            self.times -= 1
            raise Gone("connection reset")
        return done

    def sleep(self, seconds: float) -> None:
        self.slept += seconds


def test_a_worker_that_starts_while_the_broker_is_cut_off_waits_for_it() -> None:
    redis = CutOff(3)
    assert Presence(redis, "host-a", ttl_s=15, sleep=redis.sleep).name == "host-a"
    assert redis.slept == 1.5


def test_a_name_that_was_taken_without_an_answer_is_left_to_expire() -> None:
    redis = CutOff(1, after=True)
    assert Presence(redis, "host-a", ttl_s=15, sleep=redis.sleep).name == "host-a~2"


def test_it_does_not_wait_for_ever() -> None:
    redis = CutOff(MOST_TRIES)
    with pytest.raises(Gone):
        Presence(redis, "host-a", ttl_s=15, sleep=redis.sleep)
