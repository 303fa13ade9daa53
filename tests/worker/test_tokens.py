import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import fakeredis
import pytest

from worker.tokens import KEY, LOCK, Tokens, TokenUnavailable


class Vendor:
    """Issues numbered tokens, and counts."""

    def __init__(self) -> None:
        self.issued = 0

    def fetch(self) -> str:
        self.issued += 1
        return f"token-{self.issued}"


def never() -> str:
    raise AssertionError("a token was fetched")


@pytest.fixture
def server() -> fakeredis.FakeServer:
    return fakeredis.FakeServer()


@pytest.fixture
def worker(server: fakeredis.FakeServer) -> Callable[..., Tokens]:
    """Tokens as one more worker on the same broker has them."""

    def start(wait_s: float = 10, keep_s: int = 86_400) -> Tokens:
        return Tokens(fakeredis.FakeRedis(server=server), wait_s=wait_s, keep_s=keep_s)

    return start


def test_a_token_is_fetched_once_and_shared_between_workers(
    worker: Callable[..., Tokens],
) -> None:
    assert worker().get("city", Vendor().fetch) == "token-1"
    assert worker().get("city", never) == "token-1"


def test_a_known_token_needs_no_broker(
    server: fakeredis.FakeServer, worker: Callable[..., Tokens]
) -> None:
    tokens = worker()
    tokens.get("city", Vendor().fetch)
    server.connected = False
    assert tokens.get("city", never) == "token-1"


def test_vendors_do_not_share_tokens(worker: Callable[..., Tokens]) -> None:
    tokens, vendor = worker(), Vendor()
    assert [tokens.get(name, vendor.fetch) for name in ("a", "b", "a")] == [
        "token-1",
        "token-2",
        "token-1",
    ]


def test_eight_threads_that_lack_a_token_wait_for_the_one_that_fetches_it(
    worker: Callable[..., Tokens],
) -> None:
    vendor, tokens = Vendor(), worker()
    together = threading.Barrier(8)

    def need() -> str:
        together.wait()
        return tokens.get("city", vendor.fetch)

    with ThreadPoolExecutor(8) as pool:
        got = [future.result() for future in [pool.submit(need) for _ in range(8)]]
    assert got == ["token-1"] * 8
    assert vendor.issued == 1


def test_eight_threads_that_were_refused_renew_the_stale_token_once(
    worker: Callable[..., Tokens],
) -> None:
    vendor = Vendor()
    workers = [worker() for _ in range(4)]
    stale = [tokens.get("city", vendor.fetch) for tokens in workers]
    together = threading.Barrier(8)

    def refused(tokens: Tokens) -> str:
        together.wait()
        return tokens.renew("city", "token-1", vendor.fetch)

    with ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(refused, tokens) for tokens in workers * 2]
        got = [future.result() for future in futures]
    assert stale == ["token-1"] * 4
    assert got == ["token-2"] * 8
    assert vendor.issued == 2


def test_a_late_refusal_of_a_token_long_replaced_renews_nothing(
    server: fakeredis.FakeServer, worker: Callable[..., Tokens]
) -> None:
    vendor, tokens = Vendor(), worker()
    tokens.get("city", vendor.fetch)
    tokens.renew("city", "token-1", vendor.fetch)
    server.connected = False
    assert tokens.renew("city", "token-1", never) == "token-2"
    assert tokens.get("city", never) == "token-2"


def test_the_lock_of_a_worker_that_died_runs_out(
    server: fakeredis.FakeServer, worker: Callable[..., Tokens]
) -> None:
    fakeredis.FakeRedis(server=server).set(LOCK.format(name="city"), "the dead one's", px=100)
    assert worker(wait_s=30).get("city", Vendor().fetch) == "token-1"


def test_who_fetches_holds_a_lock_that_runs_out(
    server: fakeredis.FakeServer, worker: Callable[..., Tokens]
) -> None:
    lasts_ms = []

    def fetch() -> str:
        lasts_ms.append(fakeredis.FakeRedis(server=server).pttl(LOCK.format(name="city")))
        return "token-1"

    worker(wait_s=5).get("city", fetch)
    assert 0 < lasts_ms[0] <= 10_000


def test_a_fetch_of_another_that_takes_too_long_leaves_us_without(
    server: fakeredis.FakeServer, worker: Callable[..., Tokens]
) -> None:
    fakeredis.FakeRedis(server=server).set(LOCK.format(name="city"), "busy")
    with pytest.raises(TokenUnavailable, match="another worker"):
        worker(wait_s=0.1).get("city", never)


def test_a_fetch_that_fails_keeps_nobody_waiting(worker: Callable[..., Tokens]) -> None:
    def failing() -> str:
        raise ConnectionError("the vendor is away")

    with pytest.raises(ConnectionError, match="the vendor"):
        worker().get("city", failing)
    assert worker(wait_s=0.1).get("city", Vendor().fetch) == "token-1"


def test_a_broker_that_is_away_leaves_us_without(
    server: fakeredis.FakeServer, worker: Callable[..., Tokens]
) -> None:
    tokens = worker()
    server.connected = False
    with pytest.raises(TokenUnavailable, match="broker"):
        tokens.get("city", never)


def test_a_token_is_forgotten_in_the_end(
    server: fakeredis.FakeServer, worker: Callable[..., Tokens]
) -> None:
    worker(keep_s=60).get("city", Vendor().fetch)
    assert 0 < fakeredis.FakeRedis(server=server).ttl(KEY.format(name="city")) <= 60
