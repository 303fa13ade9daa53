"""A broker, its replica and a sentinel that puts the one in the other's place, with passwords."""

import signal
import socket
import subprocess
from pathlib import Path
from urllib.parse import quote

from redis import Redis
from redis.exceptions import RedisError

from tests.journey.relay import until
from worker.embedded.broker import find_server

MASTER = "events"
PASSWORD = "HIDDEN-master@;/"
SENTINEL_PASSWORD = "HIDDEN-sentinel"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Server:
    """One process of the three."""

    def __init__(self, folder: Path, name: str, password: str, *lines: str) -> None:
        self.port = free_port()
        self.client = Redis(port=self.port, password=password, socket_timeout=5)
        path = folder / f"{name}.conf"
        common = (f"port {self.port}", "bind 127.0.0.1", f'requirepass "{password}"')
        path.write_text("\n".join((*common, f'dir "{folder}"', *lines)))
        mode = ["--sentinel"] if name == "sentinel" else []
        with (folder / f"{name}.log").open("wb") as log:
            self.process = subprocess.Popen(
                [find_server(), str(path), *mode], stdout=log, stderr=subprocess.STDOUT
            )
        until(self._answers, f"the {name} answers")

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except RedisError:
            return False

    def kill(self) -> None:
        """SIGKILL, by its pid."""
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        self.kill()
        self.client.close()


class Trio:
    """Master, replica and sentinel; of the two sentinels of the address the first is not there."""

    def __init__(self, folder: Path) -> None:
        kept = (
            'save ""',
            "appendonly no",
            f'masterauth "{PASSWORD}"',
            "repl-diskless-sync-delay 0",
        )
        self.master = Server(folder, "master", PASSWORD, *kept)
        follows = f"replicaof 127.0.0.1 {self.master.port}"
        self.replica = Server(folder, "replica", PASSWORD, *kept, follows)
        until(lambda: self.lag() == 0, "the replica has all that the master has")
        self.sentinel = Server(
            folder,
            "sentinel",
            SENTINEL_PASSWORD,
            f"sentinel monitor {MASTER} 127.0.0.1 {self.master.port} 1",
            f'sentinel auth-pass {MASTER} "{PASSWORD}"',
            f"sentinel down-after-milliseconds {MASTER} 1000",
            f"sentinel failover-timeout {MASTER} 2000",
        )
        until(lambda: self.known()["num-slaves"] == 1, "the sentinel knows the replica")
        self.absent = free_port()
        self.environment = {
            "RELAY_BROKER_URL": f"sentinel://:{quote(PASSWORD, safe='')}@127.0.0.1:{self.absent};"
            f"sentinel://127.0.0.1:{self.sentinel.port}/0",
            "RELAY_BROKER_MASTER": MASTER,
            "RELAY_BROKER_SENTINEL_PASSWORD": SENTINEL_PASSWORD,
        }

    def known(self) -> dict[str, object]:
        """What the sentinel knows of the master."""
        return dict(self.sentinel.client.sentinel_master(MASTER))

    def lag(self) -> int:
        """Bytes that the master has and the replica has not; -1 while it does not follow."""
        ours, theirs = (one.client.info("replication") for one in (self.master, self.replica))
        if theirs.get("master_link_status") != "up":
            return -1
        return int(ours["master_repl_offset"] - theirs["slave_repl_offset"])

    def promoted(self) -> bool:
        """Whether the replica has taken the master's place, and the sentinel says so."""
        role = self.replica.client.info("replication")["role"]
        return role == "master" and self.known()["port"] == self.replica.port

    def cut_off_the_replica(self) -> None:
        """From here on it keeps what it has and hears of nothing, until it is told to go on."""
        self.replica.process.send_signal(signal.SIGSTOP)
        self.master.client.execute_command("CLIENT", "KILL", "TYPE", "replica")

    def kill_the_master_and_go_on_with_the_replica(self) -> None:
        """Promote it with what it had when it was cut off."""
        self.master.kill()
        self.replica.process.send_signal(signal.SIGCONT)
        until(self.promoted, "the replica is the master")

    def demote(self) -> None:
        """Make another the master while this one lives.

        Sentinel would make it a replica after ten seconds, by the commands that are sent here.
        """
        self.sentinel.client.execute_command("SENTINEL", "FAILOVER", MASTER)
        until(self.promoted, "the replica is the master")
        with self.master.client.pipeline(transaction=True) as commands:
            commands.replicaof("127.0.0.1", self.replica.port)
            commands.execute_command("CLIENT", "KILL", "TYPE", "normal")
            commands.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
            commands.execute()

    def close(self) -> None:
        for one in (self.sentinel, self.replica, self.master):
            one.close()
