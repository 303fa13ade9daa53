import json

import pytest
from sqlalchemy import Engine

from tests.worker.cli.conftest import Run
from tests.worker.rows import record, set_reports, states, status, take_in, warning
from worker.events import Kind
from worker.journal.states import State

pytestmark = pytest.mark.usefixtures("with_journal")


@pytest.fixture
def refused(engine: Engine) -> None:
    take_in(engine, Kind.CHARGE_RECORD, [record("R1"), record("R2")])
    set_reports(engine, {"vendor": "city"}, state=State.REFUSED)


@pytest.mark.usefixtures("refused")
def test_a_dry_run_counts_and_writes_nothing(run: Run, engine: Engine) -> None:
    ended = run("replay", "--vendor", "city", "--dry-run")
    assert ended.code == 0
    assert "would be replayed: 2 reports; nothing was written" in ended.out
    assert set(states(engine).values()) == {"refused"}


@pytest.mark.usefixtures("refused")
def test_what_the_filters_pick_is_replayed(run: Run, engine: Engine) -> None:
    ended = run("replay", "--subject", "R1")
    assert "replayed: 1 report; " in ended.out
    assert states(engine) == {("city", 1): "pending", ("city", 2): "refused"}


def test_an_overtaken_status_is_counted_and_left(run: Run, engine: Engine) -> None:
    for minute in (0, 1):
        take_in(engine, Kind.CONNECTOR_STATUS, [status("C1", minute, minute)])
        set_reports(engine, {"event_id": minute + 1}, state=State.EXPIRED)
    rows = json.loads(run("replay", "--state", "expired", "--json").out)
    assert [(row["fate"], row["reports"]) for row in rows] == [("overtaken", 1), ("replayed", 1)]


def test_accepted_reports_need_again(run: Run, engine: Engine) -> None:
    take_in(engine, Kind.CHARGE_RECORD, [record("R1")])
    set_reports(engine, {"vendor": "city"}, state=State.ACCEPTED)
    ended = run("replay", "--subject", "R1")
    assert "not replayed: not from this state" in ended.out
    assert ended.out.endswith("nothing was replayed\n")
    assert run("replay", "--state", "accepted").code == 1
    assert run("replay", "--subject", "R1", "--again", "--yes").code == 0
    assert states(engine) == {("city", 1): "pending"}


def test_again_says_for_each_kind_and_vendor_what_it_means_to_be_told_twice(
    run: Run, engine: Engine
) -> None:
    records, vendors = [record("R1"), record("R2")], ("city", "mall")
    take_in(engine, Kind.CHARGE_RECORD, records, vendors=vendors)
    take_in(engine, Kind.CONNECTOR_STATUS, [status("C1", 1)])
    take_in(engine, Kind.SAFETY_WARNING, [warning("W1")])
    set_reports(engine, {"state": State.PENDING}, state=State.ACCEPTED)
    set_reports(engine, {"vendor": "mall", "event_id": 2}, state=State.REFUSED)
    ended = run("replay", "--all", "--again", "--dry-run", "--json")
    record_line, status_line, warning_line = ended.err.splitlines()
    assert (
        "charge-record, accepted before (city 2, mall 1): a vendor that does not know a record"
        in record_line
    )
    assert "books it twice" in record_line
    assert "connector-status, accepted before (city 1): harmless" in status_line
    assert "safety-warning, accepted before (city 1): whoever is on watch" in warning_line
    assert len(json.loads(ended.out)) == 5


def test_where_nobody_can_be_asked_again_needs_yes(run: Run, engine: Engine) -> None:
    take_in(engine, Kind.CHARGE_RECORD, [record("R1")])
    set_reports(engine, {"vendor": "city"}, state=State.ACCEPTED)
    ended = run("replay", "--subject", "R1", "--again")
    assert (ended.code, ended.out) == (1, "")
    assert "is told twice only with --yes, as nobody can be asked" in ended.err
    assert states(engine) == {("city", 1): "accepted"}


@pytest.mark.usefixtures("refused")
def test_again_needs_no_yes_where_nothing_was_accepted(run: Run) -> None:
    ended = run("replay", "--vendor", "city", "--again")
    assert (ended.code, ended.err) == (0, "")


@pytest.mark.usefixtures("refused")
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--per-second", "0.1"], ": 2 reports, 0.1 a second of each vendor, over 10 s; "),
        (["--per-second", "0.01"], ": 2 reports, 0.01 a second of each vendor, over 100 s; "),
        ([], ": 2 reports; "),
    ],
)
def test_it_says_over_what_time_the_reports_become_due(
    run: Run, options: list[str], said: str
) -> None:
    asked = ("replay", "--vendor", "city", *options)
    assert f"would be replayed{said}" in run(*asked, "--dry-run").out
    assert f"replayed{said}" in run(*asked).out


@pytest.mark.usefixtures("refused")
def test_without_the_option_the_rate_is_that_of_the_settings(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELAY_REPLAY_PER_S", "0.2")
    ended = run("replay", "--vendor", "city", "--dry-run")
    assert "0.2 a second of each vendor, over 5 s" in ended.out


@pytest.mark.usefixtures("refused")
@pytest.mark.parametrize("rate", ["0", "-1", "nan", "inf", "fast", "0.001"])
def test_a_rate_that_is_none_is_refused(run: Run, engine: Engine, rate: str) -> None:
    ended = run("replay", "--vendor", "city", "--per-second", rate)
    assert ended.code == 2
    assert "expected a number from 0.01 to 100000" in ended.err
    assert set(states(engine).values()) == {"refused"}


@pytest.mark.usefixtures("refused")
def test_single_reports_are_replayed_by_the_ids_of_the_listing(run: Run, engine: Engine) -> None:
    (newest, _) = json.loads(run("reports", "--json").out)
    ended = run("replay", "--report", newest["id"], "--report", newest["id"], "--report", 4711)
    assert ended.err == "not there, or left out by the other filters: 1 of 2 reports\n"
    assert "replayed: 1 report; " in ended.out
    assert states(engine)[("city", newest["event_id"])] == "pending"
    assert list(states(engine).values()).count("refused") == 1


@pytest.mark.usefixtures("refused")
def test_everything_is_replayed_only_when_it_is_said(run: Run, engine: Engine) -> None:
    ended = run("replay")
    assert (ended.code, ended.out) == (1, "")
    assert "give a filter (see --help), or --all" in ended.err
    assert run("replay", "--all").code == 0
    assert set(states(engine).values()) == {"pending"}


@pytest.mark.parametrize("state", ["superseded", "sending"])
def test_states_that_are_never_replayed_are_refused(run: Run, state: str) -> None:
    assert run("replay", "--state", state, "--again").code == 1


def test_nothing_to_replay_is_no_error(run: Run) -> None:
    ended = run("replay", "--vendor", "nobody")
    assert (ended.code, ended.out) == (0, "no such reports\nnothing was replayed\n")
