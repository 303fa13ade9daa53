import fakeredis
import pytest
from redis.exceptions import ConnectionError as BrokerAway

from worker.events import Kind
from worker.wake import Waker

STATUS, RECORD = Kind.CONNECTOR_STATUS, Kind.CHARGE_RECORD


class Bell:
    """Keeps whom it was rung for; breaks as often as told."""

    def __init__(self, *breaks: Exception) -> None:
        self.rung: list[tuple[str, Kind]] = []
        self.breaks = list(breaks)

    def __call__(self, vendor: str, kind: Kind) -> None:
        if self.breaks:
            raise self.breaks.pop()
        self.rung.append((vendor, kind))


@pytest.fixture
def server() -> fakeredis.FakeServer:
    return fakeredis.FakeServer()


@pytest.fixture
def redis(server: fakeredis.FakeServer) -> fakeredis.FakeRedis:
    return fakeredis.FakeRedis(server=server)


def test_a_lane_is_rung_once_until_the_ring_is_answered(redis: fakeredis.FakeRedis) -> None:
    bell = Bell()
    waker = Waker(redis, bell)
    waker.wake([("city", STATUS), ("city", STATUS)])
    waker.wake([("city", STATUS)])
    assert bell.rung == [("city", STATUS)]
    waker.answered("city", STATUS)
    waker.wake([("city", STATUS)])
    assert bell.rung == [("city", STATUS)] * 2


def test_two_workers_ring_once_between_them(server: fakeredis.FakeServer) -> None:
    bell = Bell()
    for _ in range(2):
        Waker(fakeredis.FakeRedis(server=server), bell).wake([("city", STATUS)])
    assert bell.rung == [("city", STATUS)]


def test_lanes_are_rung_apart(redis: fakeredis.FakeRedis) -> None:
    bell = Bell()
    waker = Waker(redis, bell)
    waker.wake([("city", STATUS), ("city", RECORD), ("garage", RECORD)])
    waker.answered("city", RECORD)
    waker.wake([("city", STATUS), ("city", RECORD), ("garage", RECORD)])
    assert bell.rung[3:] == [("city", RECORD)]


def test_a_ring_that_was_lost_with_its_task_does_not_silence_the_lane_for_ever(
    redis: fakeredis.FakeRedis,
) -> None:
    Waker(redis, Bell()).wake([("city", STATUS)])
    (key,) = redis.keys()
    assert 0 < redis.ttl(key) <= 30


def test_the_brokers_absence_is_not_raised(
    server: fakeredis.FakeServer, redis: fakeredis.FakeRedis
) -> None:
    bell = Bell()
    waker = Waker(redis, bell)
    server.connected = False
    waker.wake([("city", STATUS)])
    waker.answered("city", STATUS)
    server.connected = True
    waker.wake([("city", STATUS)])
    assert bell.rung == [("city", STATUS)]


@pytest.mark.parametrize("error", [BrokerAway("gone"), ConnectionError("gone")])
def test_a_bell_that_breaks_does_not_keep_the_other_lanes_from_being_rung(
    redis: fakeredis.FakeRedis, error: Exception
) -> None:
    bell = Bell(error)
    Waker(redis, bell).wake([("city", STATUS), ("garage", RECORD)])
    assert bell.rung == [("garage", RECORD)]


def test_a_lane_whose_bell_broke_is_rung_by_the_next_sweep(redis: fakeredis.FakeRedis) -> None:
    bell = Bell(ConnectionError("gone"))
    waker = Waker(redis, bell)
    waker.wake([("city", STATUS)])
    waker.wake([("city", STATUS)])
    assert bell.rung == [("city", STATUS)]
