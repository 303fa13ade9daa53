from pathlib import Path

import pytest

from benchmarks import page, results
from benchmarks.bars import Bar, apart, ratio
from benchmarks.results import Part, Results


def part(title: str = "Push", *, by_contender: bool = True) -> Part:
    return Part(
        title=title,
        units={"rate": "records/s", "told again": "records"},
        by_contender=by_contender,
        began_at="2026-11-22 10:00 UTC",
        rounds=3,
        quick=False,
        machine={"kernel": "Linux"},
        versions={"peers": "celery 5"},
    )


@pytest.fixture
def measured() -> Results:
    push = part()
    for ours, theirs in ((900.0, 300.0), (1000.0, 250.0), (1100.0, 200.0)):
        push.enter("ChargeRelay", "20 ms", {"rate": ours, "told again": 0.0})
        push.enter("Celery", "20 ms", {"rate": theirs, "told again": 0.0})
    return {"push": push}


def test_a_workload_that_is_measured_again_takes_the_place_of_its_own_part_only(
    tmp_path: Path, measured: Results
) -> None:
    file = tmp_path / "results.json"
    results.keep(measured | {"idle": part("Idle")}, file)
    again = part("Push, again")
    again.enter("ChargeRelay", "20 ms", {"rate": 5.0})
    results.keep({"push": again}, file)
    kept = results.load(file)
    assert [kept[name].title for name in ("push", "idle")] == ["Push, again", "Idle"]
    assert kept["push"] == again


def test_what_is_kept_is_what_was_measured(tmp_path: Path, measured: Results) -> None:
    file = tmp_path / "results.json"
    assert results.keep(measured, file) == results.load(file) == measured


def test_a_part_without_a_file_is_nothing_yet(tmp_path: Path) -> None:
    assert results.load(tmp_path / "results.json") == {}


def test_a_table_has_median_min_max_and_by_how_much_ours_is_more(measured: Results) -> None:
    text = page.page(measured)
    assert "| ChargeRelay | 20 ms | 1,000 | 900 | 1,100 |  |" in text
    assert "| Celery | 20 ms | 250 | 200 | 300 | 4.00 × |" in text
    assert "Told again: 0 records, in every round of every line." in text
    assert "celery 5" in text
    assert "Linux" in text


def test_settings_of_one_contender_are_compared_to_the_first() -> None:
    scale = part(by_contender=False)
    scale.enter("ChargeRelay", "1 worker", {"rate": 100.0})
    scale.enter("ChargeRelay", "2 workers", {"rate": 150.0})
    assert "| ChargeRelay | 2 workers | 150 | 150 | 150 | 1.50 × |" in page.page({"scale": scale})


def test_a_round_that_failed_is_told_and_gives_no_number(measured: Results) -> None:
    measured["push"].fail("arq", "20 ms", "InVain: waited 120 s in vain")
    text = page.page(measured)
    assert "| arq | 20 ms | not measured |" in text
    assert "- arq, 20 ms: InVain: waited 120 s in vain" in text


@pytest.mark.parametrize(
    ("limit", "at_least", "met"),
    [(4.0, True, True), (4.01, True, False), (4.0, False, True), (3.99, False, False)],
)
def test_a_bar_is_met_at_its_limit(
    measured: Results, limit: float, at_least: bool, met: bool
) -> None:
    ours, theirs = (("push", name, "20 ms", "rate") for name in ("ChargeRelay", "Celery"))
    bar = Bar("faster", lambda given: ratio(given, ours, theirs), limit, at_least)
    found = bar.measured(measured)
    assert found == 4.0
    assert bar.met(found) is met


def test_how_far_apart_does_not_ask_which_is_larger(measured: Results) -> None:
    places = [("push", name, "20 ms", "rate") for name in ("ChargeRelay", "Celery")]
    assert apart(measured, places) == apart(measured, places[::-1]) == 4.0


def test_a_bar_of_what_was_not_measured_has_no_number(measured: Results) -> None:
    table = page.bars({})
    assert "×" not in "".join(line.split("|")[3] for line in table.splitlines()[2:])
    assert table.count("not measured") == len(table.splitlines()) - 2
    assert "4.00 × | met" not in table
    measured["push"].find("Celery", "20 ms", "rate").contender = "Celery, threads -c 32, requests"  # type: ignore[union-attr]
    assert "4.00 × | met" in page.bars(measured)


def test_what_was_only_tried_with_small_sizes_is_said(measured: Results) -> None:
    assert "small sizes, so far" not in page.page(measured)
    measured["push"].quick = True
    assert "Measured with small sizes, so far: push." in page.bars(measured)


def test_a_missed_bar_is_said_aloud(measured: Results) -> None:
    row = measured["push"].find("Celery", "20 ms", "rate")
    assert row is not None
    row.contender, row.values = "Celery, threads -c 32, requests", [500.0]
    assert "2.00 × | **missed**" in page.bars(measured)


def test_a_number_is_written_as_short_as_it_can_be_compared() -> None:
    assert [page.number(value) for value in (0.034, 1.234, 12.34, 1234.5)] == [
        "0.03",
        "1.23",
        "12.3",
        "1,234",
    ]
