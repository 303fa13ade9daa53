import json
import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import Engine

from tests.worker.cli.conftest import Run
from tests.worker.rows import record, take_in
from worker.broker import ALIVE, WORKERS
from worker.events import Kind
from worker.journal import gates, migrate

Findings = dict[str, list[dict[str, str]]]


class Vendor(BaseHTTPRequestHandler):
    """Answers with the date of its server's clock, and leaves the connection open."""

    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self.send_response_only(404)
        ahead = getattr(self.server, "ahead", timedelta())
        self.send_header("Date", format_datetime(datetime.now(UTC) + ahead, usegmt=True))
        self.send_header("Content-Length", "24")  # of what a GET would be answered
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def vendor(clean: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """A configured vendor that answers."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Vendor)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    path = tmp_path / "vendors.toml"
    path.write_text(
        '[vendors.garage]\nsystem = "parkpot"\nport_name = "a"\npark_id = "1"\nkey = "k"\n'
        f'base_url = "http://127.0.0.1:{server.server_port}"\nprivate_address = true\n',
        encoding="utf-8",
    )
    monkeypatch.setenv("RELAY_VENDORS_FILE", str(path))
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def findings(run: Run, code: int = 0) -> Findings:
    ended = run("doctor", "--json")
    assert ended.code == code, ended.out
    found: Findings = {}
    for finding in json.loads(ended.out):
        found.setdefault(finding["check"], []).append(finding)
    return found


@pytest.mark.usefixtures("with_journal", "with_broker", "vendor")
def test_a_healthy_deployment_has_nothing_that_fails(run: Run, redis: Redis) -> None:
    redis.sadd(WORKERS, "here")
    redis.set(ALIVE.format(worker="here"), "1")
    found = findings(run)
    for check in ("broker", "eviction", "journal", "migrations", "vendors file", "queues"):
        assert found[check][0]["verdict"] == "ok", found[check]
    for check in ("workers", "broker clock", "vendor garage", "lanes"):
        assert found[check][0]["verdict"] == "ok", found[check]
    assert "alive: here" in found["workers"][0]["message"]


@pytest.mark.usefixtures("with_sqlite", "with_broker", "vendor")
def test_a_line_has_a_mark_and_says_what_to_do(run: Run, redis: Redis) -> None:
    redis.lpush("charge-record", "x", "y")
    lines = run("doctor").out.splitlines()
    assert any(line.startswith("✓ journal: answers, sqlite") for line in lines)
    assert any(line.startswith("✓ queues: ") and "charge-record 2" in line for line in lines)
    assert any(line.startswith("! workers: ") and "start `celery" in line for line in lines)
    assert any("disk: " in line and "GiB free" in line for line in lines)


@pytest.mark.usefixtures("with_sqlite", "with_broker")
def test_the_brokers_persistence_and_eviction_are_looked_at(run: Run, redis: Redis) -> None:
    before = redis.config_get("maxmemory-policy", "appendonly")
    redis.config_set("maxmemory-policy", "allkeys-lru")
    try:
        found = findings(run, code=1)
    finally:
        redis.config_set("maxmemory-policy", before["maxmemory-policy"])
    assert found["eviction"][0]["verdict"] == "warning"
    assert (found["persistence"][0]["verdict"] == "ok") == (before["appendonly"] == "yes")


def test_nothing_set_up_is_three_failures_with_what_to_do(run: Run) -> None:
    ended = run("doctor")
    assert ended.code == 1
    assert [line[0] for line in ended.out.splitlines()] == ["✗", "✗", "✗"]
    assert "RELAY_BROKER_URL" in ended.out
    assert "chargerelay migrate" in ended.out
    assert "RELAY_VENDORS_FILE" in ended.out
    assert not Path("var").exists()


@pytest.mark.usefixtures("with_journal", "with_vendors")
def test_a_journal_without_tables_and_a_missing_secret_fail(run: Run, engine: Engine) -> None:
    migrate.downgrade(engine, "base")
    found = findings(run, code=1)
    assert found["migrations"][0]["todo"] == "run `chargerelay migrate`"
    (fault,) = found["vendors file"]
    assert "[vendors.city-garage] key: the environment has no GARAGE_KEY" in fault["message"]


@pytest.mark.usefixtures("with_sqlite", "with_broker")
def test_a_vendor_with_another_time_is_a_warning(run: Run, vendor: object) -> None:
    vendor.ahead = timedelta(minutes=5)  # type: ignore[attr-defined]
    (finding,) = findings(run)["vendor garage"]
    assert finding["verdict"] == "warning"
    assert "are 5 min apart" in finding["message"]


@pytest.mark.usefixtures("with_sqlite", "with_broker")
def test_a_vendor_that_does_not_answer_is_a_warning(
    run: Run, with_vendors: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = with_vendors.read_text("utf-8").replace("https://mall.example", "http://127.0.0.1:1")
    text = text.replace("https://user:HIDDEN@garage.example", "http://user:HIDDEN@127.0.0.1:1")
    text = text.replace("port_name", "private_address = true\nport_name")
    with_vendors.write_text(text, encoding="utf-8")
    monkeypatch.setenv("GARAGE_KEY", "HIDDEN")
    ended = run("doctor")
    assert ended.code == 0
    why = "no answer from http://127.0.0.1:1: the connection was refused"
    assert f"! vendor mall-garage: {why}: ask the vendor" in ended.out
    assert "HIDDEN" not in ended.out


@pytest.mark.usefixtures("with_journal", "with_broker", "vendor")
def test_what_is_due_for_long_is_named_unless_something_holds_it_up(
    run: Run, engine: Engine
) -> None:
    long_ago = datetime.now(UTC) - timedelta(hours=3)
    vendors = ("garage", "gone")
    take_in(engine, Kind.CHARGE_RECORD, [record("R1")], vendors=vendors, now=long_ago)
    found = findings(run, code=1)
    assert [finding["message"] for finding in found["lanes"]] == [
        "garage charge-record: the oldest due report has waited 3 h",
        "gone charge-record is not configured; waiting: 1",
    ]
    (still,) = found["work"]
    said = r"garage charge-record: reports are due for 108\d\d s, and nobody delivers"
    assert re.fullmatch(said, still["message"])
    gates.pause(engine, "garage", why=None, now=long_ago)
    messages = [finding["message"] for finding in findings(run)["lanes"]]
    assert not any("garage charge-record" in message for message in messages)
