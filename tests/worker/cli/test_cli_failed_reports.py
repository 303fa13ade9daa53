import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from tests.worker.cli.conftest import Run
from tests.worker.desk import Desk
from tests.worker.given import NOON, status
from worker.callback import About, Failure, Meaning
from worker.events import Kind
from worker.journal import arrivals, callback_urls
from worker.journal import callbacks as journal
from worker.journal.arrivals import Arrival
from worker.journal.callbacks import Trace
from worker.journal.engine import open_journal, writing

ELEVEN = NOON - timedelta(hours=1)


@pytest.fixture
def engine(with_journal: str) -> Iterator[Engine]:
    """The journal that the commands look at."""
    engine = open_journal(with_journal)
    yield engine
    engine.dispose()


def fails(engine: Engine, cell: str, failures: int = 1) -> None:
    about = About(Kind.CONNECTOR_STATUS, cell, ELEVEN)
    failure = Failure(f"R-{cell}", failures, "500", "写入失败", "/platform/report", about)
    trace = Trace("city", "report-failure", NOON, "{}")
    journal.keep(engine, trace, Meaning(f"R-{cell}", failure=failure), [], datetime.now(UTC))


def rows(run: Run, *options: object) -> list[dict[str, Any]]:
    ended = run("failed-reports", *options, "--json")
    assert ended.code == 0, ended.err
    found: list[dict[str, Any]] = json.loads(ended.out)
    return found


def test_failed_reports_are_listed_with_their_report(run: Run, engine: Engine) -> None:
    Desk(engine).accept(status("C-1"), status("C-2"))
    fails(engine, "C-1")
    fails(engine, "C-2")
    fails(engine, "C-9")
    newest, second, first = rows(run)
    assert (newest["state"], newest["report_id"], newest["subject"]) == ("unmatched", None, None)
    assert (second["subject"], second["kind"]) == ("395815801/C-2", "connector-status")
    assert (first["request_id"], first["state"]) == ("R-C-1", "waiting")
    assert (first["report_state"], first["message"]) == ("pending", "写入失败")


def test_failed_reports_are_picked_by_filters(run: Run, engine: Engine) -> None:
    Desk(engine).accept(status("C-1"), status("C-2"))
    fails(engine, "C-1")
    fails(engine, "C-2", failures=2)
    (of_two,) = rows(run, "--subject", "395815801/C-2")
    assert of_two["failures"] == 2
    assert [r["id"] for r in rows(run, "--report", of_two["report_id"])] == [of_two["id"]]
    assert rows(run, "--vendor", "nobody") == rows(run, "--state", "given-up") == []
    assert len(rows(run, "--vendor", "city", "--state", "waiting", "--since", "1h")) == 2
    assert len(rows(run, "--limit", 1)) == 1
    assert "写入失败" in run("failed-reports").out
    assert "no such failed reports" in run("failed-reports", "--until", "2h").out


def findings(run: Run) -> dict[str, dict[str, str]]:
    return {finding["check"]: finding for finding in json.loads(run("doctor", "--json").out)}


def test_the_doctor_says_that_failed_reports_and_events_are_stuck(
    run: Run, engine: Engine, with_broker: str
) -> None:
    assert not {"failed reports", "callbacks"} & findings(run).keys()
    Desk(engine).accept(status("C-1"))
    long_ago = datetime.now(UTC) - timedelta(minutes=5)
    about = About(Kind.CONNECTOR_STATUS, "C-1", ELEVEN)
    failure = Failure("R-1", 1, "500", "", "/", about)
    trace = Trace("city", "report-failure", long_ago, "{}")
    journal.keep(engine, trace, Meaning("R-1", failure=failure), [], long_ago)
    with writing(engine) as connection:
        arrivals.bring(connection, "city", [Arrival(Kind.SAFETY_WARNING, "W", "{}")], long_ago)
    found = findings(run)
    assert found["failed reports"]["message"] == "1 failed report not looked at for over 60 s"
    assert found["callbacks"]["message"] == "1 event of callbacks not taken in for over 60 s"


def test_the_doctor_says_who_was_not_told_where_to_call(
    run: Run, engine: Engine, with_broker: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "vendors.toml"
    path.write_text(
        '[vendors.city]\nsystem = "charging_station"\nbase_url = "http://127.0.0.1:1"\n'
        "private_address = true\n"
        'operator_id = "1"\nsecret = "s"\n'
    )
    monkeypatch.setenv("RELAY_VENDORS_FILE", str(path))
    monkeypatch.setenv("RELAY_CALLBACKS_URL", "https://relay.example")
    found = findings(run)["callbacks of city"]
    assert found["verdict"] == "warning"
    assert found["todo"] == "chargerelay callbacks register city"
    for name in ("report-failure", "charging-meta-info", "cell-risk"):
        url = f"https://relay.example/callbacks/city/{name}"
        callback_urls.remember(engine, "city", name, url, NOON)
    assert findings(run)["callbacks of city"]["verdict"] == "ok"
