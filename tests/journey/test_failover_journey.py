"""A broker behind Sentinel: its master is killed or demoted, and everything goes on at the next."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journey.conftest import GARAGE
from tests.journey.failover import Trio
from tests.journey.relay import CELERY, Relay, record, until
from tests.sandbox.callers import Control


@pytest.fixture
def trio(tmp_path: Path) -> Iterator[Trio]:
    folder = tmp_path / "trio"
    folder.mkdir()
    trio = Trio(folder)
    yield trio
    trio.close()


@pytest.fixture
def relay(
    tmp_path: Path, trio: Trio, sqlite_url: str, played: str, garage: Control
) -> Iterator[Relay]:
    """A relay that is told of the sentinels; the test itself looks at the servers one by one."""
    vendors = {"mall-garage": {**GARAGE, "base_url": f"{played}/mall-garage"}}
    relay = Relay(tmp_path, "redis://", sqlite_url, vendors)
    relay.environment |= trio.environment
    relay.redis = trio.master.client
    yield relay
    relay.close()


def test_a_killed_master_is_replaced_and_what_the_next_one_had_not_heard_of_is_told_once(
    trio: Trio, relay: Relay, garage: Control, tmp_path: Path
) -> None:
    relay.publish("charge-record", *map(record, range(20)), b"unreadable")
    until(lambda: trio.lag() == 0, "the replica has them on its queue")
    trio.cut_off_the_replica()
    worker, beat = relay.start_worker(), relay.start_beat()
    relay.publish("charge-record", record(20))
    until(lambda: len(garage.keys()) == 21, "the garage has what the first master held")

    trio.kill_the_master_and_go_on_with_the_replica()
    relay.redis = trio.replica.client
    relay.publish("charge-record", *map(record, range(21, 40)))
    lines = "".join(json.dumps({"kind": "charge-record", **record(n)}) + "\n" for n in (40, 41))
    (tmp_path / "more.jsonl").write_text(lines)
    published = relay.run("publish", str(tmp_path / "more.jsonl"))
    assert published.returncode == 0, published.stderr
    until(lambda: relay.count("event") == 42, "all are journalled")
    relay.settle()
    assert sorted(garage.keys()) == orders(42)
    assert relay.count("reject") == 2  # what has no identity is listed again
    assert [process.poll() for process in (worker, beat)] == [None, None]
    assert "HIDDEN" not in relay.log() + relay.log("beat")


def test_a_master_that_is_demoted_while_it_lives_is_left(
    trio: Trio, relay: Relay, garage: Control
) -> None:
    worker, beat = relay.start_worker(), relay.start_beat()
    relay.publish("charge-record", *map(record, range(20)))
    until(lambda: len(garage.keys()) == 20, "the garage has what the first master held")
    until(lambda: trio.lag() == 0, "the replica has heard of it")

    trio.demote()
    relay.redis = trio.replica.client
    relay.publish("charge-record", *map(record, range(20, 40)))
    until(lambda: relay.count("event") == 40, "all are journalled")
    relay.settle()
    assert sorted(garage.keys()) == orders(40)
    assert [process.poll() for process in (worker, beat)] == [None, None]

    asked = relay.start(*CELERY, "inspect", "stats", "-d", "one@test", "-t", "20", log="inspect")
    assert asked.wait(60) == 0, relay.log("inspect")
    assert "one@test: OK" in relay.log("inspect")
    assert "HIDDEN" not in relay.log("inspect")


def test_a_worker_outlives_a_master_that_takes_no_writes_for_want_of_a_replica(
    trio: Trio, relay: Relay, garage: Control
) -> None:
    trio.master.client.config_set("min-replicas-to-write", 1)
    worker = relay.start_worker()
    until(lambda: "ready." in relay.log(), "the worker consumes")
    trio.replica.kill()
    until(lambda: "NOREPLICAS" in relay.log(), "the intake is refused")
    until(lambda: "Connection to broker lost" in relay.log(), "Celery is refused")
    trio.master.client.config_set("min-replicas-to-write", 0)
    relay.publish("charge-record", record(1))
    until(lambda: garage.keys() == ["ORDER-000001"], "the garage has it")
    assert worker.poll() is None


def test_doctor_and_a_start_say_what_is_wrong_with_the_sentinels(trio: Trio, relay: Relay) -> None:
    found = json.loads(relay.run("doctor", "--json").stdout)
    said = {one["check"]: one["message"] for one in found}
    assert said["broker"].startswith("answers, version ")
    assert said["replicas"] == "1 of the master"
    assert f"127.0.0.1:{trio.absent} (" in said["sentinels"]

    relay.environment["RELAY_BROKER_MASTER"] = "another"
    ended = relay.run("publish", "-")
    assert ended.returncode == 1
    assert "no sentinel names a master 'another' (RELAY_BROKER_MASTER)" in ended.stderr
    assert f"no answer from 127.0.0.1:{trio.absent} (ConnectionError)" in ended.stderr
    assert f"sentinel://127.0.0.1:{trio.absent};sentinel://127.0.0.1:" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    assert "HIDDEN" not in ended.stderr

    relay.environment["RELAY_BROKER_SENTINEL_PASSWORD"] = ""
    assert f"{trio.sentinel.port} (AuthenticationError)" in relay.run("publish", "-").stderr


def orders(count: int) -> list[str]:
    """The keys of the first so many records."""
    return [f"ORDER-{number:06d}" for number in range(count)]
