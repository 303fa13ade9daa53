import json
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.worker.cli.conftest import Run
from tests.worker.rows import NOW, all_of, minutes, record, take_in
from worker.events import Kind
from worker.journal import gates, tables


@pytest.mark.usefixtures("with_vendors")
def test_vendors_are_listed_without_a_secret_and_without_needing_one(run: Run) -> None:
    ended = run("vendors", "--json")
    assert json.loads(ended.out)[0] == {
        "name": "city-garage",
        "system": "parkpot",
        "document": "004",
        "takes": ["charge-record"],
        "base_url": "https://garage.example/api",
        "stations": ["S-001"],
        "operators": ["*"],
    }
    table = run("vendors").out
    assert "city-garage" in table
    assert "HIDDEN" not in ended.out + table


def test_every_fault_of_the_vendors_file_is_named(run: Run, with_vendors: Path) -> None:
    text = with_vendors.read_text("utf-8").replace("parkpot", "carport", 1)
    with_vendors.write_text(text + "colour = 1\n", encoding="utf-8")
    ended = run("vendors")
    assert ended.code == 1
    assert ended.err.startswith("chargerelay: ")
    assert "[vendors.city-garage] system: expected one of" in ended.err
    assert "[vendors.mall-garage] colour: unknown key" in ended.err


@pytest.mark.usefixtures("with_journal", "with_vendors")
def test_a_vendor_is_paused_and_resumed(run: Run) -> None:
    ended = run("pause", "mall-garage", "--why", "their maintenance")
    assert (ended.code, ended.err) == (0, "")
    (lane,) = json.loads(run("lanes", "--vendor", "mall-garage", "--json").out)
    assert lane["gate"] == "paused: their maintenance"
    assert "mall-garage charge-record: paused: their maintenance" in run("lanes").out
    assert run("resume", "mall-garage").out == "mall-garage is resumed\n"
    assert run("resume", "mall-garage").out == "mall-garage was not paused\n"


@pytest.mark.usefixtures("with_journal", "with_vendors")
def test_an_unknown_vendor_is_answered_with_the_nearest_names(run: Run, engine: Engine) -> None:
    ended = run("pause", "mal-garage")
    assert ended.code == 1
    assert "no vendor is called mal-garage; did you mean mall-garage or city-garage?" in ended.err
    assert all_of(engine, tables.vendor_state) == []


@pytest.mark.usefixtures("with_journal")
def test_a_vendor_that_only_the_journal_knows_can_be_resumed(run: Run, engine: Engine) -> None:
    gates.pause(engine, "gone", why=None, now=NOW)
    assert run("resume", "gone").out == "gone is resumed\n"
    ended = run("resume", "gine")
    assert "did you mean gone?; no vendors file: set RELAY_VENDORS_FILE" in ended.err


@pytest.mark.usefixtures("with_journal", "with_vendors")
def test_lanes_show_what_waits_and_who_is_not_configured(run: Run, engine: Engine) -> None:
    take_in(engine, Kind.CHARGE_RECORD, [record("R1")], vendors=("mall-garage", "gone"))
    lanes = {row["vendor"]: row for row in json.loads(run("lanes", "--json").out)}
    assert list(lanes) == ["city-garage", "gone", "mall-garage"]
    assert lanes["mall-garage"]["pending"] == 1
    assert lanes["mall-garage"]["oldest_created_at"] == "2026-03-01T04:00:00Z"
    assert lanes["gone"]["configured"] is False
    out = run("lanes").out
    assert "gone charge-record: not configured" in out
    assert max(len(line) for line in out.splitlines()) <= 100
    assert run("lanes", "--kind", "safety-warning").out.startswith("no lanes")


@pytest.mark.usefixtures("with_journal")
def test_without_a_vendors_file_lanes_shows_what_the_journal_knows(
    run: Run, engine: Engine
) -> None:
    take_in(engine, Kind.CHARGE_RECORD, [record("R1")], now=NOW + minutes(1))
    ended = run("lanes", "--json")
    assert [row["configured"] for row in json.loads(ended.out)] == [None]
    assert "no vendors file" in ended.err
    assert ended.code == 0


@pytest.mark.usefixtures("with_vendors")
def test_a_vendor_is_shown_with_its_settings_and_operations_and_no_secret(run: Run) -> None:
    out = run("vendors", "city-garage").out
    assert out.startswith("city-garage speaks parkpot, document 004; it takes charge-record\n")
    assert "push-record" in out
    assert "https://garage.example/api" in out
    ended = run("vendors", "mall-garage", "--json")
    assert "HIDDEN" not in out + ended.out
    (row,) = json.loads(ended.out)
    settings = {entry["name"]: entry for entry in row["settings"]}
    assert settings["park_id"]["here"] == "3302122005"
    assert settings["key"]["here"] == "**********"
    assert settings["key"]["description"] == "what signs"
    assert [one["operation"] for one in row["operations"]] == ["push-record"]


@pytest.mark.usefixtures("with_vendors")
def test_what_can_be_called_is_listed_for_all_vendors_or_for_one(run: Run) -> None:
    rows = json.loads(run("vendors", "--operations", "--json").out)
    assert [(row["vendor"], row["operation"]) for row in rows] == [
        ("city-garage", "push-record"),
        ("mall-garage", "push-record"),
    ]
    assert rows[0]["section"] == "2.2 充电记录推送"
    assert "push-record" in run("vendors", "--operations").out
    (row,) = json.loads(run("vendors", "mall-garage", "--operations", "--json").out)
    assert row["vendor"] == "mall-garage"
    assert "did you mean mall-garage" in run("vendors", "maul-garage").err
