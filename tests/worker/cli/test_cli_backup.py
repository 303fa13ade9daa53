"""The embedded default in one file, and made anew from it."""

import base64
import json
import sqlite3
import tarfile
from pathlib import Path
from typing import Any

import fakeredis
import pytest
from redis import Redis
from sqlalchemy import Table

from tests.journey.test_first_run import free_port
from tests.worker.cli.conftest import Run
from tests.worker.rows import NOW, all_of, record, status, take_in
from worker.embedded import backup as copies
from worker.embedded import broker
from worker.embedded.children import Children
from worker.events import Kind
from worker.journal import audit, tables
from worker.journal.engine import open_journal

RECORD, STATUS = Kind.CHARGE_RECORD, Kind.CONNECTOR_STATUS
HELD = "charge-record:processing:relay@dead"


@pytest.fixture
def here(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, valkey_url: str) -> Path:
    """A relay's data directory, beside a broker that runs."""
    monkeypatch.setenv("RELAY_BROKER_URL", valkey_url)
    return at_work(run, monkeypatch, tmp_path / "old")


def at_work(run: Run, monkeypatch: pytest.MonkeyPatch, folder: Path) -> Path:
    """With a record and a status that wait in the journal."""
    monkeypatch.setenv("RELAY_DATA_DIR", str(folder))
    assert run("migrate").code == 0
    engine = open_journal(f"sqlite:///{folder / copies.JOURNAL}")
    take_in(engine, RECORD, [record("A-1")])
    take_in(engine, STATUS, [status("C-1", 3)])
    engine.dispose()
    return folder


def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    folder = tmp_path / "new"
    monkeypatch.setenv("RELAY_DATA_DIR", str(folder))
    return folder


def found(folder: Path, table: Table) -> list[dict[str, Any]]:
    engine = open_journal(f"sqlite:///{folder / copies.JOURNAL}")
    try:
        return all_of(engine, table)
    finally:
        engine.dispose()


def test_what_waited_waits_again_and_in_its_order(
    run: Run, here: Path, redis: Redis, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    many = [b"%d" % number for number in range(2500)]
    redis.lpush(RECORD, *many)
    redis.rpush(HELD, b"first", b"\xff")
    redis.lpush(STATUS, b"{}")
    made = run("backup", "relay.tar.gz")
    assert (made.code, made.err) == (0, "")
    assert "2503 waiting items" in made.out
    redis.flushall()
    redis.lpush(RECORD, b"later")

    folder = elsewhere(monkeypatch, tmp_path)
    put_back = run("restore", "relay.tar.gz")
    assert (put_back.code, put_back.err) == (0, "")
    assert redis.lrange(RECORD, 0, -1) == [b"later", *reversed(many), b"first", b"\xff"]
    assert redis.lrange(STATUS, 0, -1) == [b"{}"]
    assert found(folder, tables.event) == found(here, tables.event)


def test_what_may_have_been_told_since_is_doubted_and_a_newest_status_is_not(
    run: Run, here: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run("backup", "relay.tar.gz")
    folder = elsewhere(monkeypatch, tmp_path)
    told = run("restore", "relay.tar.gz", "--by", "an operator")
    assert "may have been told since: 1 report" in told.out
    by_kind = {row["kind"]: row for row in found(folder, tables.report)}
    assert by_kind[STATUS]["state"] == "pending"
    assert by_kind[RECORD]["state"] == "sending"
    (act,) = found(folder, audit.audit)
    assert (act["who"], act["act"]) == ("an operator", "restore")
    assert act["asked_at"] >= by_kind[RECORD]["created_at"]
    assert by_kind[RECORD]["lease_until"] >= act["asked_at"]
    assert json.loads(act["result"]) == {"doubted": 1}


def test_where_nothing_was_told_since_all_of_it_simply_waits(
    run: Run, here: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run("backup", "relay.tar.gz")
    folder = elsewhere(monkeypatch, tmp_path)
    assert "told since" not in run("restore", "relay.tar.gz", "--nothing-told-since").out
    assert {row["state"] for row in found(folder, tables.report)} == {"pending"}


def test_a_relay_at_rest_has_its_broker_started_for_it(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    port = free_port()
    monkeypatch.setenv("RELAY_EMBEDDED_PORT", str(port))
    folder = at_work(run, monkeypatch, tmp_path / "old")

    def items(data_dir: Path, *pushed: bytes) -> list[bytes]:
        children = Children(data_dir / "log")
        try:
            broker.start(children, port, data_dir)
            with Redis(port=port) as client:
                for item in pushed:
                    client.lpush(RECORD, item)
                return list(client.lrange(RECORD, 0, -1))
        finally:
            children.stop()

    items(folder, b"one", b"two")
    assert "2 waiting items" in run("backup", "relay.tar.gz").out
    new = elsewhere(monkeypatch, tmp_path)
    assert run("restore", "relay.tar.gz").code == 0
    assert items(new) == [b"two", b"one"]


def test_a_broker_that_belongs_to_another_relay_is_not_filled(
    run: Run,
    here: Path,
    redis: Redis,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    redis.lpush(RECORD, b"one")
    run("backup", "relay.tar.gz")
    redis.delete(RECORD)
    folder = elsewhere(monkeypatch, tmp_path)
    monkeypatch.delenv("RELAY_BROKER_URL")
    monkeypatch.setenv("RELAY_EMBEDDED_PORT", str(redis.get_connection_kwargs()["port"]))
    refused = run("restore", "relay.tar.gz")
    assert "is taken" in refused.err
    assert redis.llen(RECORD) == 0
    assert not (folder / copies.JOURNAL).exists()


def test_nothing_is_written_over(run: Run, here: Path) -> None:
    run("backup", "relay.tar.gz")
    assert "there already" in run("backup", "relay.tar.gz").err
    assert "there is a journal at" in run("restore", "relay.tar.gz").err


def test_what_is_no_whole_backup_makes_no_journal(
    run: Run, here: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run("backup", "whole.tar.gz")
    whole = Path("whole.tar.gz").read_bytes()
    Path("half.tar.gz").write_bytes(whole[: len(whole) // 2])
    Path("text.tar.gz").write_bytes(b"not a backup")
    with tarfile.open("other.tar.gz", "w:gz") as other:
        other.add("text.tar.gz")
    folder = elsewhere(monkeypatch, tmp_path)
    for name in ("half.tar.gz", "text.tar.gz", "other.tar.gz"):
        assert f"{name} is no backup, or a damaged one" in run("restore", name).err
        assert not (folder / copies.JOURNAL).exists()


def test_a_journal_that_is_newer_than_the_program_is_not_touched(
    run: Run, here: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with sqlite3.connect(here / copies.JOURNAL) as journal:
        journal.execute("UPDATE alembic_version SET version_num = '9999'")
    folder = tmp_path / "packed"
    folder.mkdir()
    copies.write(
        folder / "relay.tar.gz",
        fakeredis.FakeRedis(),
        here / copies.JOURNAL,
        NOW,
    )
    elsewhere(monkeypatch, tmp_path)
    refused = run("restore", folder / "relay.tar.gz")
    assert "newer than this program" in refused.err


def test_a_file_that_cannot_be_written_leaves_nothing(run: Run, here: Path) -> None:
    assert "cannot be written" in run("backup", "nowhere/relay.tar.gz").err
    assert list(Path().iterdir()) == []


def test_postgresql_has_its_own_means(
    run: Run, monkeypatch: pytest.MonkeyPatch, postgres_url: str
) -> None:
    monkeypatch.setenv("RELAY_JOURNAL_URL", postgres_url)
    for command in (("backup", "new.tar.gz"), ("restore", __file__)):
        assert "pg_dump" in run(*command).err


def test_a_journal_that_was_put_back_by_other_means_is_doubted_once_a_person_agrees(
    run: Run, here: Path
) -> None:
    assert run("doubt", stdin=b"n\n").code == 1
    assert {row["state"] for row in found(here, tables.report)} == {"pending"}
    assert "may have been told since: 1 report;" in run("doubt", "--yes").out
    assert [row["state"] for row in found(here, tables.report)] == ["sending", "pending"]
    assert [act["act"] for act in found(here, audit.audit)] == ["doubt"]


def test_no_item_is_missed_while_producers_push(tmp_path: Path, sqlite_url: str) -> None:
    class Pushed(fakeredis.FakeRedis):
        def lrange(self, *arguments: object) -> object:
            found = super().lrange(*arguments)
            self.lpush(RECORD, b"pushed meanwhile")
            return found

    redis = Pushed()
    first = {b"%d" % number for number in range(2500)}
    redis.lpush(RECORD, *first)
    journal = Path(sqlite_url.removeprefix("sqlite:///"))
    copies.write(tmp_path / "relay.tar.gz", redis, journal, NOW)
    copies.unpack(tmp_path / "relay.tar.gz", tmp_path)
    lines = (tmp_path / copies.ITEMS).read_text().splitlines()
    assert first <= {base64.b64decode(json.loads(line)["item"]) for line in lines}
