import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as Away

from config.settings import Settings
from tests.journey.failover import MASTER, SENTINEL_PASSWORD, Trio
from worker import broker, sentinels
from worker.deployment import Deployment

NOBODY = "sentinel://:HIDDEN@127.0.0.1:1;sentinel://127.0.0.1:2/0"


@pytest.fixture(scope="module")
def trio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trio]:
    trio = Trio(tmp_path_factory.mktemp("trio"))
    yield trio
    trio.close()


@pytest.fixture
def redis(trio: Trio) -> Iterator[Redis]:
    """A client of one connection."""
    with broker.connect(
        trio.environment["RELAY_BROKER_URL"],
        master=MASTER,
        sentinel_password=SENTINEL_PASSWORD,
        connections=1,
    ) as client:
        yield client


def test_a_client_speaks_to_the_master_as_it_does_to_a_single_server(
    trio: Trio, redis: Redis
) -> None:
    connection = redis.connection_pool.get_connection()
    try:
        assert (connection.host, connection.port) == ("127.0.0.1", trio.master.port)
        assert (connection.socket_timeout, connection.socket_connect_timeout) == (10, 5)
        assert (connection.health_check_interval, connection.retry.get_retries()) == (10, 0)
        assert connection.socket_keepalive
    finally:
        redis.connection_pool.release(connection)


def test_who_needs_a_further_connection_waits_for_it(redis: Redis) -> None:
    held = redis.connection_pool.get_connection()
    release = threading.Timer(0.2, redis.connection_pool.release, [held])
    release.start()
    assert redis.ping()
    release.join()


def test_a_connection_to_what_is_no_longer_the_master_is_closed_once_it_is_free(
    redis: Redis,
) -> None:
    pool = redis.connection_pool
    held = pool.get_connection()
    pool.proxy.master_address = ("127.0.0.1", 1)  # another thread was told so meanwhile
    pool.release(held)
    assert held._sock is None
    assert redis.ping()


def test_an_outage_leaves_nothing_behind_in_the_pool() -> None:
    with broker.connect(NOBODY, master=MASTER) as redis:
        for _ in range(20):
            with pytest.raises(Away):
                redis.ping()
        assert len(redis.connection_pool._connections) == 1


def test_many_threads_that_ask_at_once_forget_no_sentinel(trio: Trio) -> None:
    url = trio.environment["RELAY_BROKER_URL"]
    with broker.connect(url, master=MASTER, sentinel_password=SENTINEL_PASSWORD) as redis:
        together = threading.Barrier(16)

        def ask(_: int) -> None:
            together.wait(30)
            redis.ping()

        with ThreadPoolExecutor(16) as threads:
            list(threads.map(ask, range(16)))
        asked = sentinels.behind(redis)
    ports = {one.connection_pool.connection_kwargs["port"] for one in asked}
    assert ports == {trio.absent, trio.sentinel.port}


def test_a_single_server_stands_behind_no_sentinel(valkey_url: str) -> None:
    with broker.connect(valkey_url) as redis:
        assert sentinels.behind(redis) == []


def test_a_broker_without_a_master_is_one_sentence_that_names_the_settings() -> None:
    settings = Settings(broker_url=NOBODY, broker_sentinel_password="HIDDEN")
    fault = Deployment(settings).broker_fault()
    assert fault == (
        "the broker at sentinel://127.0.0.1:1;sentinel://127.0.0.1:2/0 (master mymaster) does not "
        "answer (no sentinel names a master 'mymaster' (RELAY_BROKER_MASTER); no answer from "
        "127.0.0.1:1 (ConnectionError), 127.0.0.1:2 (ConnectionError)): "
        "start it, or set RELAY_BROKER_URL"
    )


def test_a_wrong_password_of_the_master_is_said_and_not_shown(trio: Trio) -> None:
    url = trio.environment["RELAY_BROKER_URL"].replace("HIDDEN-master", "HIDDEN-other")
    settings = Settings(
        broker_url=url, broker_master=MASTER, broker_sentinel_password=SENTINEL_PASSWORD
    )
    fault = Deployment(settings).broker_fault()
    assert fault is not None
    assert "invalid username-password pair" in fault
    assert "HIDDEN" not in fault
