"""Reconciling from a terminal, against a platform of the sandbox's kind that is a thread here."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import Engine

from tests.worker.cli.conftest import Ended, Run
from tests.worker.rows import NOW, all_of, record, set_reports, states, take_in
from worker.events import Kind
from worker.journal.audit import audit
from worker.journal.reconciliation_tables import difference
from worker.journal.states import State

DAY = "2026-03-01"
ORDERS = ("R1", "R2", "R3", "R4")
VENDORS = """
[vendors.city]
system = "charging_station"
base_url = "{url}"
private_address = true
operator_id = "395815801"
secret = "hush"

[vendors.garage]
system = "parkpot"
base_url = "https://garage.example"
port_name = "acme"
park_id = "3302122004"
key = "hush"
"""


class Platform(ThreadingHTTPServer):
    """Answers the token call and one page of records."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.shown: object = [shown("R1"), shown("R3", totalPower=9)]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Platform

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        data: object = "token"
        if not asked.path.endswith("operatorAPIToken"):
            first = parse_qs(asked.query)["pageIndex"] == ["1"]
            data = self.server.shown if first else []
        body = json.dumps({"status": 200, "message": "", "data": data}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def shown(order: str, **changes: object) -> dict[str, object]:
    """A record as the platform has it."""
    amounts = {"totalPower": 1.5, "totalElecMoney": 2, "totalServiceMoney": 0}
    key = {"startChargeSeq": order, "cellId": "C-1", "endDatetime": f"{DAY} 11:00:00"}
    return {**key, **amounts, **changes}


@pytest.fixture
def platform(
    with_journal: str, with_broker: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Platform]:
    """It has one record of three as it was told, and one otherwise."""
    played = Platform()
    threading.Thread(target=played.serve_forever, daemon=True).start()
    path = tmp_path / "vendors.toml"
    path.write_text(VENDORS.format(url=played.url), encoding="utf-8")
    monkeypatch.setenv("RELAY_VENDORS_FILE", str(path))
    yield played
    played.shutdown()
    played.server_close()


@pytest.fixture(autouse=True)
def delivered(engine: Engine) -> None:
    """Three records were accepted, a fourth was refused."""
    amounts = {"power": "1.5", "elecMoney": "2"}
    items = [record(order, startChargeSeq=order, **amounts) for order in ORDERS]
    take_in(engine, Kind.CHARGE_RECORD, items)
    set_reports(engine, {"vendor": "city"}, state=State.ACCEPTED, settled_at=NOW)
    set_reports(engine, {"subject": "R4"}, state=State.REFUSED)


def reconciled(run: Run) -> Ended:
    return run("reconcile", "city", "--day", DAY)


def rows(run: Run, *arguments: object) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(run(*arguments, "--json").out)
    return listed


@pytest.mark.usefixtures("platform")
def test_both_sides_and_their_differences_are_shown(run: Run) -> None:
    ended = reconciled(run)
    assert (ended.code, ended.err) == (0, "")
    assert f"charge-record of {DAY}: 1 missing, 1 differing, 0 unknown" in ended.out
    assert "4.50" in ended.out
    assert "10.50" in ended.out
    assert "R2" in ended.out
    (row,) = rows(run, "reconciliations", "--vendor", "city")
    assert (row["state"], row["ours"], row["theirs"]) == ("complete", 3, 2)
    assert "complete" in run("reconciliations").out


@pytest.mark.usefixtures("platform")
def test_differences_are_listed_by_what_they_are(run: Run) -> None:
    reconciled(run)
    of = ("differences", "--reconciliation", 1)
    (missing,) = rows(run, *of, "--what", "missing")
    assert missing["subject"] == "R2"
    assert missing["ours"] == {"key": "R2/C-1", "kwh": "1.50", "yuan": "2.00"}
    assert missing["theirs"] is None
    (differing,) = rows(run, *of, "--what", "differing")
    assert (differing["ours"]["kwh"], differing["theirs"]["kwh"]) == ("1.50", "9.00")
    assert "1.50 kWh, 2.00 yuan" in run(*of).out
    assert rows(run, *of, "--what", "unknown") == []


@pytest.mark.usefixtures("platform")
def test_exactly_the_missing_are_replayed_once_and_it_is_written_down_who_asked(
    run: Run, engine: Engine
) -> None:
    reconciled(run)
    of = ("differences", "--reconciliation", 1, "--replay")
    dry = run(*of, "--dry-run")
    assert "would be replayed: 1 report; nothing was written" in dry.out
    assert all_of(engine, audit) == []
    ended = run(*of, "--by", "li@desk")
    assert "replayed: 1 report; the vendor itself says that it has not got them" in ended.out
    assert list(states(engine).values()) == ["accepted", "pending", "accepted", "refused"]
    assert "nothing is replayed" in run(*of).out
    (act,) = all_of(engine, audit)
    assert (act["who"], act["act"]) == ("li@desk", "differences --replay")
    assert json.loads(act["asked"]) == {"reconciliation": 1}
    assert json.loads(act["result"]) == {"replayed": 1, "left": 0}
    marked = [row["subject"] for row in all_of(engine, difference) if row["replayed_at"]]
    assert marked == ["R2"]


def test_what_cannot_be_read_ends_in_one_sentence_and_is_not_replayed(
    run: Run, platform: Platform, engine: Engine
) -> None:
    platform.shown = "上报成功"
    ended = reconciled(run)
    assert ended.code == 1
    assert ended.err == (
        "chargerelay: reconciliation 1 of 2026-03-01 is incomplete, and calls nothing missing: "
        "the page has an unknown shape\n"
    )
    replayed = run("differences", "--reconciliation", 1, "--replay")
    assert replayed.code == 1
    assert "reconciliation 1 is incomplete, and calls nothing missing" in replayed.err
    assert "pending" not in states(engine).values()


@pytest.mark.usefixtures("platform")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("reconcile", "town"), "no vendor is called town; did you mean city"),
        (("reconcile", "garage"), "garage speaks parkpot, which reads nothing back to us"),
        (("differences", "--reconciliation", 9), "there is no reconciliation 9"),
        (("differences", "--reconciliation", 9, "--replay"), "there is no reconciliation 9"),
    ],
)
def test_what_cannot_be_done_is_said(run: Run, arguments: tuple[object, ...], said: str) -> None:
    ended = run(*arguments)
    assert ended.code == 1
    assert said in ended.err


@pytest.mark.usefixtures("platform")
def test_a_day_is_written_as_a_date(run: Run) -> None:
    ended = run("reconcile", "city", "--day", "yesterday")
    assert ended.code == 2
    assert "expected yyyy-MM-dd" in ended.err


@pytest.mark.usefixtures("platform")
def test_a_paused_vendor_is_not_asked(run: Run) -> None:
    run("pause", "city", "--why", "their maintenance")
    ended = reconciled(run)
    assert ended.code == 1
    assert "city is not asked what it has: paused: their maintenance" in ended.err
    assert rows(run, "reconciliations") == []
