import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from tests.worker.cli.conftest import Run
from tests.worker.rows import (
    NOW,
    all_of,
    attempt,
    minutes,
    record,
    set_reports,
    status,
    take_in,
)
from worker.cli.output import CHUNK
from worker.events import Kind
from worker.journal import tables
from worker.journal.accept import Unread
from worker.journal.states import State

pytestmark = pytest.mark.usefixtures("with_journal")
LISTINGS = ("reports", "events", "attempts", "rejects", "conflicts")


@pytest.fixture
def refused(engine: Engine) -> None:
    """One record that the city refused and the mall accepted, and one status that waits."""
    take_in(engine, Kind.CHARGE_RECORD, [record("R1")], vendors=("city", "mall"))
    set_reports(engine, {"vendor": "city"}, state=State.REFUSED, reason="no such [station]")
    set_reports(engine, {"vendor": "mall"}, state=State.ACCEPTED, settled_at=NOW)
    take_in(engine, Kind.CONNECTOR_STATUS, [status("C1", 1)], now=NOW + minutes(1))


@pytest.mark.parametrize("listing", LISTINGS)
def test_an_empty_listing_says_so_in_one_sentence(run: Run, listing: str) -> None:
    ended = run(listing)
    assert (ended.code, ended.out, ended.err) == (0, f"no such {listing}\n", "")


@pytest.mark.parametrize("listing", LISTINGS)
def test_an_empty_listing_is_an_empty_array(run: Run, listing: str) -> None:
    assert json.loads(run(listing, "--json").out) == []


@pytest.mark.usefixtures("refused")
def test_json_has_the_tables_columns_and_times_in_utc(run: Run) -> None:
    rows = json.loads(run("reports", "--json").out)
    assert [row["subject"] for row in rows] == ["395815801/C1", "R1", "R1"]
    assert set(rows[0]) == {column.name for column in tables.report.c}
    assert rows[0]["created_at"] == "2026-03-01T04:01:00Z"
    assert rows[0]["settled_at"] is None
    assert set(json.loads(run("events", "--json").out)[0]) == {c.name for c in tables.event.c}


@pytest.mark.usefixtures("refused")
def test_filters_pick_reports(run: Run) -> None:
    def found(*options: str) -> list[tuple[str, str]]:
        rows = json.loads(run("reports", "--json", *options).out)
        return [(row["vendor"], row["subject"]) for row in rows]

    assert found("--vendor", "mall") == [("mall", "R1")]
    assert found("--kind", "connector-status") == [("city", "395815801/C1")]
    assert found("--state", "refused", "--state", "held") == [("city", "R1")]
    assert found("--subject", "395815801/C1") == [("city", "395815801/C1")]
    assert found("--limit", "1") == [("city", "395815801/C1")]
    assert found("--since", "2026-03-01 12:01:00") == [("city", "395815801/C1")]
    assert found("--until", "2026-03-01T04:01:00Z", "--vendor", "city") == [("city", "R1")]
    assert found("--since", "15m") == []


@pytest.mark.usefixtures("refused")
def test_the_reports_of_a_subject_say_why(run: Run) -> None:
    out = run("reports", "--subject", "R1").out
    assert "refused" in out
    assert "no such [station]" in out
    assert "03-01 12:00:00" in out or "2026-03-01" in out


@pytest.mark.usefixtures("refused")
def test_tables_fit_into_100_columns(run: Run) -> None:
    for command in ("reports", "events"):
        assert max(len(line) for line in run(command).out.splitlines()) <= 100


def test_all_rows_are_shown_under_one_header(run: Run, engine: Engine) -> None:
    take_in(engine, Kind.CHARGE_RECORD, [record(f"R{n}") for n in range(CHUNK + 5)])
    lines = run("reports", "--limit", "0").out.splitlines()
    assert sum("charge-record" in line for line in lines) == CHUNK + 5
    assert sum("vendor" in line for line in lines) == 1
    assert len(json.loads(run("reports", "--limit", "0", "--json").out)) == CHUNK + 5


def test_an_age_is_a_time_too(run: Run, engine: Engine) -> None:
    now = datetime.now(UTC)
    take_in(engine, Kind.CHARGE_RECORD, [record("OLD")], now=now - timedelta(hours=3))
    take_in(engine, Kind.CHARGE_RECORD, [record("NEW")], now=now)
    rows = json.loads(run("events", "--since", "2h", "--json").out)
    assert [row["subject"] for row in rows] == ["NEW"]


def test_a_time_that_is_none_is_explained(run: Run) -> None:
    ended = run("reports", "--since", "yesterday")
    assert ended.code == 2
    assert "15m, 2h or 3d" in ended.err


def test_the_attempts_of_a_report_can_be_asked_for(run: Run, engine: Engine) -> None:
    take_in(engine, Kind.CHARGE_RECORD, [record("R1"), record("R2")])
    attempt(engine, [1])
    attempt(engine, [2], reason="wrong\x1b[2J sign", http_status=None)
    rows = json.loads(run("attempts", "--report", "2", "--json").out)
    assert [row["reason"] for row in rows] == ["wrong\x1b[2J sign"]
    assert set(rows[0]) == {column.name for column in tables.attempt.c}
    assert json.loads(run("attempts", "--outcome", "accepted", "--json").out) == []
    assert "\x1b" not in run("attempts").out


def test_an_outcome_that_is_none_is_refused(run: Run) -> None:
    ended = run("attempts", "--outcome", "fine")
    assert ended.code == 2
    assert "try-later" in ended.err


def test_a_rejects_raw_bytes_are_text_in_json(run: Run, engine: Engine) -> None:
    take_in(engine, Kind.CHARGE_RECORD, [], unread=[Unread("not UTF-8", b"{\xff\x1b[2J", 6)])
    (row,) = json.loads(run("rejects", "--kind", "charge-record", "--json").out)
    assert row["raw"] == "{\\xff\x1b[2J"
    assert row["raw_bytes"] == 6
    out = run("rejects").out
    assert "not UTF-8" in out
    assert "\x1b" not in out


def test_a_conflict_shows_what_differs(
    run: Run, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "140")
    take_in(engine, Kind.CHARGE_RECORD, [record("R1", totalMoney="1.00", power=3)])
    take_in(engine, Kind.CHARGE_RECORD, [record("R1", totalMoney="2.50", power=3)])
    assert "totalMoney: 1.00 → 2.50" in " ".join(run("conflicts", "--undecided").out.split())
    (row,) = json.loads(run("conflicts", "--json").out)
    assert set(row) == {column.name for column in tables.conflict.c}
    assert run("conflicts", "--replace", row["id"]).code == 0
    assert "totalMoney: 1.00 → 2.50" in " ".join(run("conflicts").out.split())
    assert run("conflicts", "--undecided").out == "no such conflicts\n"


def test_a_conflict_is_decided_once(run: Run, engine: Engine) -> None:
    take_in(engine, Kind.CHARGE_RECORD, [record("R1", totalMoney="1.00")])
    take_in(engine, Kind.CHARGE_RECORD, [record("R1", totalMoney="2.50")])
    assert run("conflicts", "--keep", 1).out == "conflict 1: the first content stays\n"
    ended = run("conflicts", "--keep", 1)
    assert (ended.code, ended.err) == (1, "chargerelay: conflict 1 was decided already: kept\n")


def test_rejects_go_back_to_their_queue(run: Run, engine: Engine, with_broker: str) -> None:
    unread = [Unread("not JSON", b"one", 3), Unread("not JSON", b"two", 3)]
    take_in(engine, Kind.CHARGE_RECORD, [], unread=unread)
    ended = run("rejects", "--put-back", 1, "--put-back", 2)
    assert (ended.code, ended.out.count("is back on charge-record")) == (0, 2)
    assert all(row["put_back_at"] for row in all_of(engine, tables.reject))
    assert "was put back already" in run("rejects", "--put-back", 1).err
