"""What docker-compose.yml and the Dockerfile promise, as far as it can be read in them."""

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

from tests.journey import image
from tests.journey.relay import until
from worker.embedded.broker import find_server

ROOT = Path(__file__).parents[1]
FILE = ROOT / "docker-compose.yml"
PROMETHEUS = ROOT / "config" / "prometheus" / "prometheus.yml"
# `$$NAME` is left to the shell in the container, where a builtin reads it.
FILLED_IN = re.compile(r"(?<!\$)\$(?!\$)\{?(\w+)")
SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|AUTH|KEY|LOGIN|_URL")
PASSWORD = "hush0hush1"
TELLING = ("worker", "urgent", "callbacks")
OF_THE_DEPLOYMENT = ("./vendors.toml", "./secrets/vendors")


CONTENT: dict[str, Any] = yaml.safe_load(FILE.read_text("utf-8"))
STAGES = ("relay", "sandbox")


def services() -> dict[str, dict[str, Any]]:
    services: dict[str, dict[str, Any]] = CONTENT["services"]
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


@pytest.mark.parametrize("name", services())
def test_no_secret_is_given_by_the_environment(name: str) -> None:
    for key, value in services()[name].get("environment", {}).items():
        assert not FILLED_IN.findall(value) or not SECRET.search(key.removesuffix("_URL")), key
        assert not re.search("PASSWORD|LOGIN|AUTH", key) or value.startswith("/run/secrets/"), key
        assert not re.search(r"//[^/]*:[^/]*@", value), key


@pytest.mark.parametrize("name", services())
def test_a_service_has_no_more_secrets_than_it_needs_and_each_has_a_file(name: str) -> None:
    given = set(services()[name].get("secrets", ()))
    files = {secret: CONTENT["secrets"][secret]["file"] for secret in given}
    assert files == {secret: f"secrets/{secret}" for secret in given}
    assert ("relay_journal_password" in given) is (name in ("postgres", "migrate", *TELLING))
    assert ("relay_flower_login" in given) is (name == "flower")
    assert ("relay_console_logins" in given) is (name == "callbacks")
    assert ("grafana_admin_password" in given) is (name == "grafana")
    mounts = [volume for volume in services()[name].get("volumes", ()) if "/secrets/" in volume]
    assert bool(mounts) is (name in ("migrate", *TELLING))


def test_the_secrets_are_written_for_their_owner_alone_and_never_over_others(
    tmp_path: Path,
) -> None:
    (tmp_path / "secrets").mkdir(mode=0o755)
    (tmp_path / "secrets" / "relay_broker_password").write_text("mine")
    command = ["make", "-s", "-C", tmp_path, "-f", ROOT / "Makefile", "secrets"]
    for _ in range(2):
        subprocess.run(command, check=True, capture_output=True, umask=0o077)
    made = {path.name: path for path in (tmp_path / "secrets").iterdir()}
    assert made.keys() == CONTENT["secrets"].keys() | {"vendors"}
    assert made.pop("relay_broker_password").read_text() == "mine"
    assert len({path.read_text() for path in made.values() if path.is_file()}) == 4
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700
    for path in made.values():
        assert path.stat().st_mode & 0o004, f"a container's user reads {path.name}"
    ignored = ["git", "check-ignore", "-q", "secrets/relay_broker_password"]
    assert subprocess.run(ignored, cwd=ROOT, check=False).returncode == 0


@pytest.mark.parametrize("name", services())
def test_a_service_is_bounded_ends_in_time_and_says_how_it_is(name: str) -> None:
    service = services()[name]
    assert service["stop_grace_period"]
    assert service["restart"]
    assert service["deploy"]["resources"]["limits"]["memory"]
    assert service["logging"]["options"]["max-size"]
    assert "no-new-privileges:true" in service["security_opt"]
    check = service["healthcheck"]
    assert check == {"disable": True} if name == "migrate" else check["test"] and check["timeout"]
    assert "celery" not in repr(check), "an interpreter for each look is not cheap"
    if name != "postgres":
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        assert service["tmpfs"] == ["/tmp"]


@pytest.mark.parametrize("name", services())
def test_an_image_is_pinned_and_what_is_mounted_is_there(name: str) -> None:
    service = services()[name]
    assert "build" in service or re.search(r":v?\d", service["image"])
    for volume in service.get("volumes", ()):
        source = volume.partition(":")[0]
        if not source.startswith("./"):
            assert source in CONTENT["volumes"]
        elif source not in OF_THE_DEPLOYMENT:
            assert (ROOT / source).is_dir()


def test_the_profiles_are_the_two_of_the_guide() -> None:
    found = {name: service.get("profiles") for name, service in services().items()}
    assert {name: of for name, of in found.items() if of} == {
        "sandbox": ["sandbox"],
        "prometheus": ["monitoring"],
        "grafana": ["monitoring"],
    }


@pytest.mark.parametrize("stage", STAGES)
def test_an_image_holds_what_it_needs_and_does_not_run_as_root(stage: str, tmp_path: Path) -> None:
    instructions = image.stages()[stage]
    users = [line for line in instructions if line.startswith("USER")]
    assert users == ["USER relay"]
    made = image.Image(tmp_path / "image", stage).work
    held = {path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file()}
    folders = {"relay": ("config", "worker", "tasks"), "sandbox": ("sandbox",)}[stage]
    tracked = ["git", "ls-files", *folders]
    listed = subprocess.run(tracked, cwd=ROOT, check=True, capture_output=True, text=True)
    assert set(listed.stdout.split()) <= held
    assert "config/answers.sh" in held


def test_only_what_is_copied_is_sent_to_the_builder() -> None:
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    copied = {
        source
        for lines in image.stages().values()
        for source, _ in image.sources(lines)
        if not source.startswith("config/")
    }
    assert "*" in lines
    assert {line.removeprefix("!") for line in lines if line.startswith("!")} == copied


def test_the_sandboxs_image_has_the_versions_that_the_tests_have() -> None:
    def pinned(name: str) -> dict[str, set[str]]:
        text = (ROOT / "requirements" / f"{name}.txt").read_text("utf-8")
        parts = re.split(r"^(?=[\w.-]+==)", text, flags=re.MULTILINE)[1:]
        return {part.split()[0]: set(re.findall(r"sha256:\w+", part)) for part in parts}

    runtime, sandbox, dev = pinned("runtime"), pinned("sandbox"), pinned("dev")
    assert runtime.items() <= sandbox.items()
    assert sandbox.items() <= dev.items()
    assert any(name.startswith("aiohttp==") for name in sandbox)


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
    (tmp_path / "relay_broker_password").write_text(f"{PASSWORD}\n")
    for place in ("/tmp", "/run/secrets"):
        script = script.replace(f"{place}/", f"{tmp_path}/")
    script = script.replace("$$", "$").rstrip()
    process = psutil.Popen(
        [shell, option, f"{script} --bind 127.0.0.1 --port {port}"],
        cwd=tmp_path,
        env=os.environ | {"PATH": f"{Path(find_server()).parent}:{os.environ['PATH']}"},
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
