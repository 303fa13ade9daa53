"""Who asked for what: written down around the doing, and listed."""

import getpass
import json
import socket
from typing import Any

import pytest
from sqlalchemy import Engine

from tests.worker.cli.conftest import Run
from tests.worker.rows import NOW, all_of, put, record, set_reports, take_in
from worker.acts import audited
from worker.events import Kind
from worker.journal import audit, tables
from worker.journal.accept import Unread
from worker.journal.states import State

pytestmark = pytest.mark.usefixtures("with_journal")
ME = f"{getpass.getuser()}@{socket.gethostname()}"


@pytest.fixture
def refused(engine: Engine) -> None:
    take_in(engine, Kind.CHARGE_RECORD, [record("R1"), record("R2")], vendors=("city", "mall"))
    set_reports(engine, {"vendor": "city"}, state=State.REFUSED)


def acts(engine: Engine) -> list[tuple[str, str, Any, Any]]:
    """Who did what, what it was given, and what came of it."""
    return [
        (r["who"], r["act"], json.loads(r["asked"]), r["result"] and json.loads(r["result"]))
        for r in all_of(engine, audit.audit)
    ]


@pytest.mark.usefixtures("refused")
def test_a_replay_is_written_down_with_its_filters_and_its_counts(run: Run, engine: Engine) -> None:
    run("replay", "--state", "refused", "--since", "2026-02-28 00:00:00", "--per-second", 20)
    group = {"vendor": "city", "kind": "charge-record", "state": "refused", "fate": "replayed"}
    assert acts(engine) == [
        (
            ME,
            "replay",
            {
                "states": ["refused"],
                "since": "2026-02-27 16:00:00+00:00",
                "again": False,
                "per_second": 20,
            },
            {"replayed": 2, "overtaken": 0, "groups": [group | {"reports": 2}]},
        )
    ]
    (row,) = all_of(engine, audit.audit)
    assert row["asked_at"] <= row["ended_at"]


@pytest.mark.usefixtures("refused")
def test_what_writes_nothing_is_not_written_down(run: Run, engine: Engine) -> None:
    run("replay", "--vendor", "city", "--dry-run")
    run("replay", "--vendor", "nobody")
    run("replay", "--vendor", "city", "--state", "accepted", "--again")
    assert acts(engine) == []


@pytest.mark.usefixtures("with_vendors")
def test_a_pause_and_a_resume_are_written_down_under_the_name_that_is_given(
    run: Run, engine: Engine
) -> None:
    run("pause", "mall-garage", "--why", "maintenance", "--by", "Wang Li")
    run("resume", "mall-garage")
    assert acts(engine) == [
        ("Wang Li", "pause", {"vendor": "mall-garage", "why": "maintenance"}, {}),
        (ME, "resume", {"vendor": "mall-garage"}, {"was_paused": True}),
    ]


@pytest.mark.usefixtures("with_broker")
def test_each_decision_of_a_person_is_written_down(run: Run, engine: Engine) -> None:
    unread = [Unread("no orderNo", b"{}", 2)]
    take_in(engine, Kind.CHARGE_RECORD, [record("R1"), record("R2")], unread=unread)
    for order in ("R1", "R2"):
        take_in(engine, Kind.CHARGE_RECORD, [record(order, power="1")])
    first, second = (row["id"] for row in all_of(engine, tables.conflict))
    (reject,) = (row["id"] for row in all_of(engine, tables.reject))
    run("conflicts", "--keep", first, "--replace", second, "--by", "li")
    run("rejects", "--put-back", reject, "--by", "li")
    assert acts(engine) == [
        ("li", "conflicts --keep", {"conflict": first}, {}),
        ("li", "conflicts --replace", {"conflict": second}, {"reports": 1}),
        ("li", "rejects --put-back", {"reject": reject}, {"queue": "charge-record"}),
    ]


def test_an_act_that_fails_ends_with_its_fault(run: Run, engine: Engine) -> None:
    assert run("conflicts", "--keep", 4711).code == 1
    assert [result for *_, result in acts(engine)] == [{"failed": "there is no conflict 4711"}]


def test_an_act_that_is_interrupted_has_no_end(run: Run, engine: Engine) -> None:
    with pytest.raises(KeyboardInterrupt), audited(engine, ME, "replay", {"vendor": "city"}):
        raise KeyboardInterrupt
    assert acts(engine) == [(ME, "replay", {"vendor": "city"}, None)]
    assert "no end: cut short, or still at it" in " ".join(run("audit").out.split())


def test_a_user_without_a_name_is_written_down_as_unknown(
    run: Run, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("os.getuid", lambda: 2**31 - 7)
    run("conflicts", "--keep", 4711)
    assert [who for who, *_ in acts(engine)] == [f"unknown@{socket.gethostname()}"]


@pytest.mark.usefixtures("refused")
def test_acts_are_listed_newest_first_by_time_and_by_number(run: Run, engine: Engine) -> None:
    run("replay", "--vendor", "city", "--by", "li")
    put(engine, audit.audit, asked_at=NOW, who="wang", act="pause", asked='{"vendor": "mall"}')
    rows = json.loads(run("audit", "--json").out)
    assert [row["who"] for row in rows] == ["wang", "li"]
    assert set(rows[0]) == set(audit.audit.c.keys())
    assert [r["who"] for r in json.loads(run("audit", "--limit", 1, "--json").out)] == ["wang"]
    assert [r["who"] for r in json.loads(run("audit", "--since", "1h", "--json").out)] == ["li"]
    table = run("audit", "--since", "1h").out
    assert "vendor city" in table
    assert "replayed 2" in table
    assert run("audit", "--until", "2020-01-01 00:00:00").out == "no such acts\n"
