"""What wakes a lane: its own process where that can, the broker where another must."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import fakeredis
import pytest
from sqlalchemy import Engine

from config.settings import Settings
from tests.worker.desk import CITY, RECORD, Desk
from tests.worker.given import record
from tests.worker.test_exchange import Server, server  # noqa: F401 a fixture
from tests.worker.test_roster import load
from worker.courier import Courier

GATE = """
[vendors.city]
system = "parkpot"
base_url = "{url}"
private_address = true
port_name = "acme"
park_id = "3302122004"
key = "not-a-secret"
concurrency = {concurrency}
"""
SAID = b'{"result":"0","description":"ok"}'
WELL = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(SAID), SAID)
LANE = (CITY, RECORD)
Open = Callable[[int], Courier]


@pytest.fixture
def desk(engine: Engine) -> Desk:
    return Desk(engine)


@pytest.fixture
def rings() -> list[object]:
    return []


@pytest.fixture
def opened(desk: Desk, tmp_path: Path, server: Server, rings: list[object]) -> Iterator[Open]:  # noqa: F811
    couriers = []

    def opened(concurrency: int) -> Courier:
        roster = load(tmp_path, GATE.format(url=server.url, concurrency=concurrency), {})
        courier = Courier(
            Settings(_env_file=None, data_dir=tmp_path),
            desk.engine,
            fakeredis.FakeRedis(),
            roster,
            lambda *lane: rings.append(lane),
            clock=desk.clock,
        )
        couriers.append(courier)
        return courier

    yield opened
    for courier in couriers:
        courier.stop()


def arrive(desk: Desk, number: int) -> None:
    desk.accept(record(number, plateNo="浙B12345"))


def test_a_lane_at_rest_is_woken_through_the_broker_once(
    desk: Desk, opened: Open, rings: list[object]
) -> None:
    courier = opened(2)
    arrive(desk, 1)
    courier.wake([LANE])
    courier.wake([LANE])
    assert rings == [LANE]


@pytest.mark.parametrize(("concurrency", "through_the_broker"), [(2, False), (1, True)])
def test_what_arrives_while_its_lane_is_drained_here_needs_the_broker_only_where_there_is_no_room(
    desk: Desk,
    opened: Open,
    server: Server,  # noqa: F811
    rings: list[object],
    concurrency: int,
    through_the_broker: bool,
) -> None:
    """Twice as many as may be told at a time are in flight; the first answer waits for the wake."""
    courier = opened(concurrency)
    first = iter([True])

    def play(connection: socket.socket) -> None:
        if next(first, False):
            arrive(desk, 3)
            courier.wake([LANE])
        connection.sendall(WELL)

    server.play = play
    arrive(desk, 1)
    arrive(desk, 2)
    courier.deliver(*LANE)
    assert rings == ([LANE] if through_the_broker else [])
    assert set(desk.states().values()) == {"accepted"}
    assert len(server.requests) == 3


def test_a_worker_that_stops_leaves_what_arrives_to_others(
    desk: Desk,
    opened: Open,
    server: Server,  # noqa: F811
    rings: list[object],
) -> None:
    courier = opened(2)

    def play(connection: socket.socket) -> None:
        courier.stop()
        arrive(desk, 2)
        courier.wake([LANE])
        connection.sendall(WELL)

    server.play = play
    arrive(desk, 1)
    courier.deliver(*LANE)
    assert rings == [LANE]
    assert sorted(desk.states().values()) == ["accepted", "pending"]
