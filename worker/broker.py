"""The connection to Redis or Valkey, and the names of every key we keep there."""

from redis import BlockingConnectionPool, Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from config import sentinels as addresses
from worker import sentinels

PROCESSING = "{queue}:processing:{worker}"
BATCH = "{queue}:batch:{worker}"
RELEASED = "relay:intake:released:{queue}"
WORKERS = "relay:intake:workers"
ALIVE = "relay:intake:alive:{worker}"
WOKEN = "relay:woken:{kind}:{vendor}"


def text(value: bytes | str) -> str:
    """What the broker gave, as text."""
    return value.decode() if isinstance(value, bytes) else value


class BrokerError(Exception):
    """The broker cannot be used; the message says what to do."""


def connect(
    url: str,
    *,
    master: str = "",
    sentinel_password: str = "",
    connections: int = 50,
    socket_timeout_s: float = 10,
) -> Redis:
    """A client for many threads; bytes in, bytes out.

    Commands are not retried by the client: a repeated LPUSH would be a second event.

    Args:
        url: of a server, or of sentinels; then the client goes wherever their master is.
        master: its name among the sentinels.
        sentinel_password: the sentinels' own, if they have one.
        connections: the most at one time; who needs a further one waits.
        socket_timeout_s: for an answer, and for a free connection.

    Raises:
        BrokerError: not an address of Redis.
    """
    manners = {
        "max_connections": connections,
        "timeout": socket_timeout_s,
        "socket_timeout": socket_timeout_s,
        "socket_connect_timeout": 5,
        "socket_keepalive": True,
        "health_check_interval": 10,
        "retry": Retry(NoBackoff(), 0),
    }
    try:
        found = addresses.read(url)
        if found is not None:
            return sentinels.client(found, master, sentinel_password, **manners)
        pool = BlockingConnectionPool.from_url(url, **manners)
    except ValueError as error:
        raise BrokerError(f"RELAY_BROKER_URL is not an address of Redis: {error}") from None
    return Redis(connection_pool=pool)
