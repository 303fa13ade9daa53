"""What docker-compose.yml starts shows no secret to those who list the processes."""

import os
import re
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml
from redis import Redis
from redis.exceptions import AuthenticationError, RedisError

from tests.journey.relay import until
from worker.embedded.broker import find_server

ROOT = Path(__file__).parents[1]
FILE = ROOT / "docker-compose.yml"
PROMETHEUS = ROOT / "config" / "prometheus" / "prometheus.yml"
# `$$NAME` is left to the shell in the container, where a builtin reads it.
FILLED_IN = re.compile(r"(?<!\$)\$(?!\$)\{?(\w+)")
SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|AUTH|KEY|_URL")
PASSWORD = "hush0hush1"


def services() -> dict[str, dict[str, Any]]:
    services: dict[str, dict[str, Any]] = yaml.safe_load(FILE.read_text("utf-8"))["services"]
    return services


def command_lines(service: dict[str, Any]) -> str:
    health = service.get("healthcheck", {}).get("test", "")
    return repr([service.get("command"), service.get("entrypoint"), health])


@pytest.mark.parametrize("name", services())
def test_no_command_line_is_given_a_secret(name: str) -> None:
    filled_in = FILLED_IN.findall(command_lines(services()[name]))
    assert [variable for variable in filled_in if SECRET.search(variable)] == []


def test_a_secret_on_a_command_line_would_be_seen() -> None:
    service = {"command": "valkey-server --requirepass ${VALKEY_PASSWORD:?} --name $$VALKEY_KEY"}
    assert FILLED_IN.findall(command_lines(service)) == ["VALKEY_PASSWORD"]


def test_flower_asks_for_a_password_that_comes_from_the_environment() -> None:
    flower = services()["flower"]
    assert flower["environment"]["FLOWER_BASIC_AUTH"] == "${FLOWER_AUTH:?}"
    assert "auth" not in flower["command"]


@pytest.mark.parametrize("name", services())
def test_no_port_is_open_to_the_network(name: str) -> None:
    for port in services()[name].get("ports", ()):
        assert port.startswith("127.0.0.1:")


def test_prometheus_is_told_of_every_process_that_serves_metrics_to_its_network_only() -> None:
    (scraped,) = yaml.safe_load(PROMETHEUS.read_text("utf-8"))["scrape_configs"]
    (found,), (listed,) = scraped["dns_sd_configs"], scraped["static_configs"]
    named = [f"{name}:{found['port']}" for name in found["names"]] + listed["targets"]
    assert sorted(named) == ["callbacks:9464", "urgent:9464", "worker:9464"]
    for target in named:
        name, _, port = target.partition(":")
        service = services()[name]
        assert service["environment"]["RELAY_METRICS_PORT"] == port
        assert not any(port in published for published in service.get("ports", ()))


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[tuple[psutil.Process, int]]:
    """The broker's command, as its container runs it, with a port and files of our own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    shell, option, script = services()["valkey"]["command"]
    script = script.replace("$$", "$").replace("/tmp/", f"{tmp_path}/").rstrip()
    process = psutil.Popen(
        [shell, option, f"{script} --bind 127.0.0.1 --port {port}"],
        cwd=tmp_path,
        env=os.environ
        | {
            "VALKEY_PASSWORD": PASSWORD,
            "PATH": f"{Path(find_server()).parent}:{os.environ['PATH']}",
        },
        stdout=subprocess.DEVNULL,
    )
    yield process, port
    process.terminate()
    process.wait(30)


def test_the_broker_asks_for_its_password_and_shows_it_to_nobody(
    broker: tuple[psutil.Process, int], tmp_path: Path
) -> None:
    process, port = broker
    client = Redis(port=port, password=PASSWORD)
    until(lambda: _answers(client), "the broker answers")
    asked = client.config_get("appendonly", "maxmemory-policy", "save")
    client.close()
    assert asked == {"appendonly": "yes", "save": "", "maxmemory-policy": "noeviction"}
    with pytest.raises(AuthenticationError), Redis(port=port) as stranger:
        stranger.ping()
    lines = [process.cmdline(), *(child.cmdline() for child in process.children(recursive=True))]
    assert any("valkey-server" in word or "redis-server" in word for word in lines[0])
    assert PASSWORD not in repr(lines)
    assert (tmp_path / "valkey.conf").stat().st_mode & 0o077 == 0


def _answers(client: Redis) -> bool:
    try:
        return bool(client.ping())
    except RedisError:
        return False
