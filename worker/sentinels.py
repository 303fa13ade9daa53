"""Connections to the master that the sentinels name, and to the next one once they name another."""

import re
import threading
from typing import Any

from redis import BlockingConnectionPool, Redis
from redis.sentinel import MasterNotFoundError, Sentinel, SentinelConnectionPool

from config.sentinels import Sentinels

ASK_S = 2
SILENT = re.compile(r"host=([^,]+),port=(\d+).*?> - (?:\w+:)?(\w+)")


def asking(password: str) -> dict[str, object]:
    """How a sentinel is asked, by us and by kombu: once and not for long, the next one may know."""
    login = {"password": password} if password else {}
    times = {"socket_timeout": ASK_S, "socket_connect_timeout": ASK_S}
    return {**times, "socket_keepalive": True, "retry": None, **login}


def client(found: Sentinels, master: str, password: str, **connection: Any) -> Redis:  # noqa: ANN401 what redis-py takes
    """A client of the master, whoever that is when a connection is made.

    Args:
        found: what the broker's address says.
        master: its name among the sentinels.
        password: the sentinels' own; empty: they want none.
        connection: of the pool and its connections, as for the client of a single server.
    """
    sentinels = _Sentinels(found.hosts, sentinel_kwargs=asking(password))
    login = {"username": found.username or None, "password": found.password or None}
    followed: Redis = sentinels.master_for(
        master, connection_pool_class=_Pool, db=found.db, **login, **connection
    )
    return followed


def behind(redis: Redis) -> list[Redis]:
    """A client for each sentinel of a broker's client; none if it is that of a single server."""
    pool = redis.connection_pool
    return [*pool.sentinel_manager.sentinels] if isinstance(pool, _Pool) else []


class _Sentinels(Sentinel):
    """Asked by one thread at a time.

    Who answers is moved to the front; two threads that do so at once lose one of the list.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 as the base
        super().__init__(*args, **kwargs)
        self._asked = threading.Lock()

    def discover_master(self, service_name: str) -> tuple[str, int]:
        """Host and port of the master.

        Raises:
            MasterNotFoundError: none of them names one; the message says why.
        """
        with self._asked:
            try:
                host, port = super().discover_master(service_name)
            except MasterNotFoundError as error:
                raise MasterNotFoundError(_plainly(service_name, error)) from None
        return host, port


class _Pool(SentinelConnectionPool, BlockingConnectionPool):
    """Waits for a free connection, as the pool of a single server does."""

    def owns_connection(self, connection: Any) -> int:  # noqa: ANN401 as the base
        """Keep what leads to an old master, closed: it is connected anew when it is next used.

        What is disowned is never forgotten by the blocking pool: an outage would fill the memory.
        """
        if self.master_address != (connection.host, connection.port):
            connection.disconnect()
        return BlockingConnectionPool.owns_connection(self, connection)


def _plainly(master: str, error: MasterNotFoundError) -> str:
    """The library's sentence without its picture of every client, which may hold a password."""
    said = f"no sentinel names a master '{master}' (RELAY_BROKER_MASTER)"
    silent = [f"{host}:{port} ({why})" for host, port, why in SILENT.findall(str(error))]
    return f"{said}; no answer from {', '.join(silent)}" if silent else said
