import json

import pytest
from sqlalchemy import Engine

from tests.worker.cli.conftest import Run
from tests.worker.rows import record, set_reports, states, status, take_in
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
    assert run("replay", "--subject", "R1", "--again").code == 0
    assert states(engine) == {("city", 1): "pending"}


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
