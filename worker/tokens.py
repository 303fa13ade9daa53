"""Tokens that all workers share: one fetches or renews, the others wait for it."""

import threading
from collections.abc import Callable

from redis import Redis
from redis.exceptions import LockError, RedisError

from config.logs import never_show

KEY = "relay:token:{name}"
LOCK = "relay:token-lock:{name}"


class TokenUnavailable(Exception):
    """No token could be had right now; the message says why."""


class Tokens:
    """Tokens by vendor, kept in Redis and, for speed, in this process.

    A token is used until the vendor refuses it: stated lifetimes are not to be trusted.
    """

    def __init__(self, redis: Redis, *, wait_s: float = 10, keep_s: int = 86_400) -> None:
        """Wait at most `wait_s` for another worker's renewal; forget a token after `keep_s`."""
        self._redis = redis
        self._wait_s = wait_s
        self._keep_s = keep_s
        self._known: dict[str, str] = {}
        self._here = threading.Lock()

    def get(self, name: str, fetch: Callable[[], str]) -> str:
        """The token of that name, fetched by one worker if nobody has it.

        Raises:
            TokenUnavailable: the broker is away, or another worker's fetch takes too long.
        """
        known = self._known.get(name)
        return known if known is not None else self._renewed(name, None, fetch)

    def renew(self, name: str, stale: str, fetch: Callable[[], str]) -> str:
        """A token other than the stale one: what another worker has renewed, or a fetched one.

        Raises:
            TokenUnavailable: as for `get`.
        """
        with self._here:
            known = self._known.get(name)
            if known == stale:
                del self._known[name]
        if known is not None and known != stale:
            return known
        return self._renewed(name, stale, fetch)

    def _renewed(self, name: str, stale: str | None, fetch: Callable[[], str]) -> str:
        lock = self._redis.lock(
            LOCK.format(name=name),
            timeout=2 * self._wait_s,
            blocking_timeout=self._wait_s,
            sleep=0.05,
        )
        try:
            with lock:
                token = self._stored(name)
                if token is None or token == stale:
                    token = fetch()
                    self._redis.set(KEY.format(name=name), token, ex=self._keep_s)
        except LockError as error:
            raise TokenUnavailable("another worker is still fetching the token") from error
        except RedisError as error:
            raise TokenUnavailable(f"the broker that shares tokens is away: {error}") from error
        never_show(KEY.format(name=name), {token, stale or ""})
        with self._here:
            self._known[name] = token
        return token

    def _stored(self, name: str) -> str | None:
        value = self._redis.get(KEY.format(name=name))
        return value.decode() if isinstance(value, bytes) else None
