"""The producers' examples, run as they stand wherever their language is on this machine."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest
from redis import Redis

from worker.events import Kind
from worker.intake.read import Reader
from worker.journal.accept import Arrival

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "docs" / "examples"
JEDIS = Path(__file__).parent / "jedis"
NODE_REDIS = "redis@6.3.1"
PATIENCE_S = 60
PHP_HAS_REDIS = "exit(extension_loaded('redis') ? 0 : 1);"
SYNTAX = {
    "node.mjs": ["node", "--check"],
    "php.php": ["php", "-l"],
    "publish_events.go": ["gofmt", "-l"],
}


def program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"no {name} on the PATH")
    return found


def python(name: str) -> list[str]:
    return [sys.executable, "-W", "error", str(EXAMPLES / name)]


def php() -> list[str]:
    found = program("php")
    if subprocess.run([found, "-r", PHP_HAS_REDIS], check=False).returncode:
        pytest.skip("php has no extension redis")
    return [found, str(EXAMPLES / "php.php")]


@pytest.fixture(scope="session")
def node(npm: Callable[[str], Path]) -> Callable[[], list[str]]:
    """The command of the example, which lies beside the package that it needs."""

    @cache
    def command() -> list[str]:
        found = program("node")
        return [found, shutil.copy(EXAMPLES / "node.mjs", npm(NODE_REDIS))]

    return command


@pytest.fixture(scope="session")
def java(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], list[str]]:
    """The command of the example; in place of its library are the calls that it makes."""

    @cache
    def command() -> list[str]:
        compiler, runner = program("javac"), program("java")
        classes = tmp_path_factory.mktemp("classes")
        sources = [EXAMPLES / "PublishEvents.java", *JEDIS.rglob("*.java")]
        subprocess.run([compiler, "-d", classes, *sources], check=True, timeout=PATIENCE_S)
        return [runner, "-cp", str(classes), "PublishEvents"]

    return command


@pytest.fixture(
    params=["python_redis.py", "python_celery.py", "node.mjs", "php.php", "PublishEvents.java"]
)
def command(
    request: pytest.FixtureRequest,
    node: Callable[[], list[str]],
    java: Callable[[], list[str]],
) -> list[str]:
    match request.param:
        case "node.mjs":
            return node()
        case "php.php":
            return php()
        case "PublishEvents.java":
            return java()
        case name:
            return python(name)


def run(command: list[str], folder: Path, url: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        env=os.environ | {"RELAY_BROKER_URL": url, "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def read(kind: Kind, item: bytes) -> list[Arrival]:
    reader = Reader(kind, item_max_bytes=10**6, keep_bytes=0, status_future_s=600)
    arrivals, unread = reader.read([item], datetime.now(UTC))
    assert unread == []
    return arrivals


def check_kept(folder: Path) -> None:
    """One event of each kind is in the file, as `chargerelay publish` reads it."""
    lines = (folder / "unsent.jsonl").read_text("utf-8").splitlines()
    events = [json.loads(line) for line in lines]
    assert sorted(event["kind"] for event in events) == sorted(Kind)
    for event in events:
        assert len(read(Kind(event.pop("kind")), json.dumps(event).encode())) == 1


@pytest.fixture
def full(redis: Redis) -> Iterator[None]:
    """The broker has no memory left."""
    before = redis.config_get("maxmemory", "maxmemory-policy")
    redis.config_set("maxmemory-policy", "noeviction")
    redis.config_set("maxmemory", "1")
    yield
    for name, value in before.items():
        redis.config_set(name, value)


def test_an_example_publishes_an_event_of_each_kind_that_is_read(
    command: list[str], tmp_path: Path, redis: Redis, valkey_url: str
) -> None:
    ended = run(command, tmp_path, valkey_url)
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr == ""
    assert list(tmp_path.iterdir()) == []
    for kind in Kind:
        [item] = redis.lrange(kind, 0, -1)
        assert len(read(kind, item)) == 1


@pytest.mark.usefixtures("full")
def test_what_a_full_broker_refuses_an_example_keeps_and_says_so(
    command: list[str], tmp_path: Path, redis: Redis, valkey_url: str
) -> None:
    ended = run(command, tmp_path, valkey_url)
    assert ended.returncode == 1
    assert "maxmemory" in ended.stderr
    assert [redis.llen(kind) for kind in Kind] == [0, 0, 0]
    check_kept(tmp_path)


def test_while_the_broker_is_away_an_example_keeps_its_events_and_says_so(
    command: list[str], tmp_path: Path
) -> None:
    with socket.socket() as bound:  # and not listening
        bound.bind(("127.0.0.1", 0))
        ended = run(command, tmp_path, f"redis://127.0.0.1:{bound.getsockname()[1]}/0")
    assert ended.returncode == 1
    assert "is kept in unsent.jsonl" in ended.stderr
    check_kept(tmp_path)


@pytest.mark.parametrize("name", ["python_redis.py", "python_celery.py"])
def test_a_producer_needs_no_rights_but_those_of_the_page(
    name: str, tmp_path: Path, redis: Redis, valkey_url: str
) -> None:
    page = (EXAMPLES.parent / "publish.md").read_text("utf-8")
    [rule] = re.findall(r"^ACL SETUSER producer .*$", page, re.MULTILINE)
    [more] = re.findall(r"`(~_kombu.*?)`", page)
    redis.execute_command(*rule.split(), *(more.split() if name == "python_celery.py" else ()))
    url = valkey_url.replace("://", "://producer:PASSWORD@")
    ended = run(python(name), tmp_path, url)
    redis.execute_command("ACL", "DELUSER", "producer")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert [redis.llen(kind) for kind in Kind] == [1, 1, 1]


@pytest.mark.parametrize("name", SYNTAX)
def test_the_syntax_of_an_example_is_right(name: str) -> None:
    tool, *options = SYNTAX[name]
    ended = subprocess.run(
        [program(tool), *options, str(EXAMPLES / name)], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_every_example_is_run_or_its_syntax_is_checked() -> None:
    run_here = {"python_redis.py", "python_celery.py", "PublishEvents.java"}
    assert {path.name for path in EXAMPLES.iterdir()} == run_here | SYNTAX.keys()
