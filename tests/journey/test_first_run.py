"""What a newcomer types, and what a user can get wrong: one sentence each, and nothing is lost."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.journey.relay import CELERY, ROOT, Relay, record, until
from tests.sandbox.callers import Control

CHARGERELAY = str(Path(sys.executable).with_name("chargerelay"))

Run = Callable[..., subprocess.CompletedProcess[str]]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A directory and ports of one's own, and no other setting."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RELAY_")}
    return kept | {
        "RELAY_DATA_DIR": str(tmp_path / "var"),
        "RELAY_EMBEDDED_PORT": str(free_port()),
        "RELAY_SANDBOX_PORT": str(free_port()),
        "RELAY_CALLBACKS_PORT": str(free_port()),
    }


@pytest.fixture
def run(environment: dict[str, str]) -> Run:
    """Runs a command to its end in that environment, with changes."""

    def run(*command: str, **changes: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=ROOT,
            env=environment | changes,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture
def up(environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """A running `chargerelay up`."""
    process = subprocess.Popen(
        [CHARGERELAY, "up"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if "sample events published" in line:
            break
    yield process
    if process.poll() is None:
        process.terminate()
    process.communicate()


def test_the_first_run_delivers_the_samples_and_ends(run: Run) -> None:
    first = run(CHARGERELAY, "up", "--once")
    assert first.returncode == 0, first.stderr
    assert "mall-garage" in first.stdout
    assert "accepted" in first.stdout

    again = run(CHARGERELAY, "up", "--once")
    assert again.returncode == 0, again.stderr
    assert "87 events in the journal, 1 that no vendor takes; 89 duplicates" in again.stdout


def test_a_relay_that_was_killed_starts_again_where_it_stopped(
    run: Run, up: subprocess.Popen[str]
) -> None:
    up.send_signal(signal.SIGKILL)
    up.wait(60)
    again = run(CHARGERELAY, "up", "--once")
    assert again.returncode == 0, again.stderr
    assert "87 events in the journal" in again.stdout


def test_a_relay_stops_cleanly(up: subprocess.Popen[str], environment: dict[str, str]) -> None:
    up.send_signal(signal.SIGINT)
    up.wait(60)
    assert up.returncode == 0
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", int(environment["RELAY_EMBEDDED_PORT"]))) != 0


def test_two_relays_on_one_data_directory_are_refused(run: Run, up: subprocess.Popen[str]) -> None:
    second = run(CHARGERELAY, "up", "--once")
    assert second.returncode == 1
    assert one_sentence(second.stderr).endswith("or set RELAY_DATA_DIR to another directory")
    assert up.poll() is None


def test_the_samples_can_be_looked_at_from_another_terminal(
    run: Run, up: subprocess.Popen[str]
) -> None:
    assert up.poll() is None
    until(lambda: "accepted" in run(CHARGERELAY, "reports", "--json").stdout, "some are accepted")
    assert "city-platform" in run(CHARGERELAY, "lanes").stdout
    assert "parkpot" in run(CHARGERELAY, "vendors").stdout


@pytest.mark.parametrize(
    "which", ["RELAY_EMBEDDED_PORT", "RELAY_SANDBOX_PORT", "RELAY_CALLBACKS_PORT"]
)
def test_a_port_that_is_taken_is_named(run: Run, environment: dict[str, str], which: str) -> None:
    with socket.create_server(("127.0.0.1", int(environment[which]))):
        ended = run(CHARGERELAY, "up", "--once")
    assert ended.returncode == 1
    assert f"port {environment[which]} on 127.0.0.1 is taken: set {which}" in ended.stderr


def test_a_port_of_the_metrics_that_is_taken_is_named(
    run: Run, environment: dict[str, str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = run(CHARGERELAY, "up", "--once", RELAY_METRICS_PORT=str(port - 1))
    assert ended.returncode == 1
    said = f"port {port} on 127.0.0.1 is taken: set RELAY_METRICS_PORT to a free one"
    assert said in ended.stderr or f"port {port - 1} " in ended.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[vendors.a]\nsystem = "nobody"\nbase_url = "http://x"', "system: expected one of"),
        ("[vendors.a]\n", "system: expected one of"),
        ("vendors = 1", "no [vendors.NAME] table"),
        ("[", "not TOML"),
        (
            '[vendors.a]\nsystem = "parkpot"\nbase_url = "http://x"\nport_name = "p"\n'
            'park_id = "1"\nkey = "${NO_SUCH_KEY}"',
            "the environment has no NO_SUCH_KEY",
        ),
        (
            '[vendors.a]\nsystem = "parkpot"\nbase_url = "http://x"\nport_name = "p"\n'
            'park_id = "1"\nkey_file = "/no/such/file"',
            "key_file: /no/such/file cannot be read",
        ),
    ],
)
def test_a_faulty_vendors_file_stops_the_start(
    run: Run, tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "vendors.toml"
    path.write_text(text)
    ended = run(CHARGERELAY, "up", "--once", RELAY_VENDORS_FILE=str(path))
    assert ended.returncode == 1
    assert said in one_sentence(ended.stderr)


def test_a_vendors_file_that_is_not_there_stops_the_start(run: Run, tmp_path: Path) -> None:
    ended = run(CHARGERELAY, "up", RELAY_VENDORS_FILE=str(tmp_path / "none.toml"))
    assert ended.returncode == 1
    assert "none.toml: cannot be read: No such file" in one_sentence(ended.stderr)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("RELAY_LEASE_S", "10", "RELAY_LEASE_S is 10 s, but with RELAY_REQUEST_TIMEOUT_S"),
        ("RELAY_SWEEP_S", "soon", "RELAY_SWEEP_S: Input should be a valid number"),
        ("RELAY_JOURNAL_URL", "mysql://x/y", "the journal speaks sqlite and postgresql"),
        ("RELAY_JOURNAL_URL", "nonsense", "RELAY_JOURNAL_URL is not an address"),
        ("RELAY_BROKER_URL", "amqp://x", "RELAY_BROKER_URL is not an address of Redis"),
    ],
)
def test_a_faulty_setting_stops_the_start(run: Run, name: str, value: str, said: str) -> None:
    for command in ((CHARGERELAY, "up", "--once"), (*CELERY, "worker", "-P", "threads")):
        ended = run(*command, **{name: value})
        assert ended.returncode != 0
        assert said in ended.stderr + ended.stdout
        assert "Traceback" not in ended.stderr + ended.stdout


def test_a_worker_without_a_broker_ends_with_one_sentence(relay: Relay) -> None:
    address = f"redis://:hidden@127.0.0.1:{free_port()}/0"
    worker = relay.start_worker(RELAY_BROKER_URL=address)
    assert worker.wait(60) != 0
    assert "set RELAY_BROKER_URL" in relay.log()
    assert "hidden" not in relay.log()
    assert "Traceback" not in relay.log()


def test_a_worker_without_a_journal_ends_with_one_sentence_and_loses_nothing(
    relay: Relay, garage: Control
) -> None:
    relay.publish("charge-record", record(1))
    address = f"postgresql+psycopg://relay:hidden@127.0.0.1:{free_port()}/relay"
    worker = relay.start_worker(RELAY_JOURNAL_URL=address)
    assert worker.wait(60) != 0
    assert "set RELAY_JOURNAL_URL" in relay.log()
    assert "hidden" not in relay.log()
    assert relay.redis.llen("charge-record") == 1
    relay.start_worker("two")
    until(lambda: relay.count("event") == 1, "it is journalled")
    relay.settle()
    assert garage.keys() == ["ORDER-000001"]


def test_a_worker_on_an_empty_journal_says_to_migrate(relay: Relay, tmp_path: Path) -> None:
    worker = relay.start_worker(RELAY_JOURNAL_URL=f"sqlite:///{tmp_path / 'empty.sqlite3'}")
    assert worker.wait(60) != 0
    assert "run `chargerelay migrate`" in relay.log()


def test_a_celery_worker_may_not_consume_a_producers_queue(relay: Relay) -> None:
    command = (*CELERY, "worker", "-P", "threads", "-Q", "charge-record")
    worker = relay.start(*command, log="thief")
    assert worker.wait(60) != 0
    assert "-Q names charge-record" in relay.log("thief")


def one_sentence(text: str) -> str:
    """What a command said on standard error: no traceback, one line."""
    said = text.strip()
    assert "Traceback" not in said
    assert said.startswith("chargerelay: ")
    assert len(said.splitlines()) == 1, said
    return said
