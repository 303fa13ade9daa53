import re
from pathlib import Path

import pytest

from benchmarks import charts
from benchmarks.bars import BARS
from benchmarks.case import Scale
from benchmarks.results import Part, Results
from benchmarks.workloads import WORKLOADS

PEERS = Path(__file__).parents[2] / "benchmarks" / "peers"


@pytest.fixture
def ones() -> Results:
    """Every line that a full run measures, each with a 1."""
    found = {}
    for name, workload in WORKLOADS.items():
        units = dict(workload.units)
        found[name] = Part(workload.title, units, workload.by_contender, "", 1, False, {}, {})
        for case in workload.cases(Scale()):
            found[name].enter(case.contender, case.setting, dict.fromkeys(units, 1.0))
    return found


def test_every_bar_is_about_lines_that_a_run_measures(ones: Results) -> None:
    assert [bar.what for bar in BARS if bar.measured(ones) != 1.0] == []


def test_every_line_of_a_workload_is_another() -> None:
    for scale in (Scale(), Scale(quick=True), Scale(huge=True)):
        for workload in WORKLOADS.values():
            lines = [(case.contender, case.setting) for case in workload.cases(scale)]
            assert len(set(lines)) == len(lines)


def test_the_charts_are_drawn_of_what_was_measured(ones: Results, tmp_path: Path) -> None:
    drawn = charts.draw({"push": ones["push"]}, tmp_path)
    assert [path.name for path in drawn] == ["peers.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in charts.draw(ones, tmp_path))
    assert len(list(tmp_path.glob("*.png"))) == 3


def test_the_peers_use_nothing_of_ours() -> None:
    ours = re.compile(r"^\s*(from|import) (worker|config|tasks|sandbox|benchmarks\.(?!peers\b))")
    for path in PEERS.glob("*.py"):
        lines = path.read_text("utf-8").splitlines()
        assert [line for line in lines if ours.match(line)] == [], path


def test_the_peers_requirements_have_hashes_and_no_address() -> None:
    for path in PEERS.glob("requirements*.txt"):
        text = path.read_text("utf-8")
        assert re.search(r"^(--)?(extra-)?index-url|^--find-links|https?://", text) is None
        pinned = re.findall(r"^[a-z][\w.-]*==\S+ \\\n    --hash=sha256:", text, re.MULTILINE)
        assert len(pinned) == len(re.findall("==", text))
