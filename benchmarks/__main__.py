"""`make bench`: each workload in turns for us and the peers; medians, spreads, ratios, a page."""

import argparse
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table

from benchmarks import charts, machine, page, results
from benchmarks.case import Case, Scale, Workload
from benchmarks.ground import Ground
from benchmarks.page import base_of, cells_of
from benchmarks.results import Part
from benchmarks.shelf import Shelf
from benchmarks.workloads import WORKLOADS

console = Console(width=110)


def main() -> int:
    """Run the workloads asked for, all by default; returns how many rounds failed."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that everything started ends
    sizes = Scale(quick=options.quick, huge=options.huge)
    failed = 0
    if options.draw:
        _write()
        return 0
    for name in options.workloads or list(WORKLOADS):
        cases = _chosen(WORKLOADS[name].cases(sizes), options.only)
        part = _begun(WORKLOADS[name], options.rounds, quick=options.quick)
        with Shelf() as shelf:
            for _ in range(options.rounds):
                failed += sum(not _measured(name, part, case, shelf) for case in cases)
        _show(part)
        if not options.only:
            results.keep({name: part})
            _write()
    return min(failed, 100)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("workloads", nargs="*", metavar="workload", help=", ".join(WORKLOADS))
    parser.add_argument("--rounds", type=int, default=3, help="how often each has its turn")
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that it runs")
    parser.add_argument("--huge", action="store_true", help="ten million rows as well")
    parser.add_argument(
        "--only",
        default="",
        help="lines with these words, between slashes, in name or setting; keeps no results",
    )
    parser.add_argument("--draw", action="store_true", help="only page and charts, from results")
    options = parser.parse_args()
    if unknown := set(options.workloads) - set(WORKLOADS):
        parser.error(f"no such workload: {', '.join(sorted(unknown))}")
    return options


def _chosen(cases: Sequence[Case], only: str) -> list[Case]:
    wanted = [word.strip().lower() for word in only.split("/")]
    return [c for c in cases if all(w in f"{c.contender} | {c.setting}".lower() for w in wanted)]


def _begun(workload: Workload, rounds: int, *, quick: bool) -> Part:
    return Part(
        title=workload.title,
        units=dict(workload.units),
        by_contender=workload.by_contender,
        began_at=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        rounds=rounds,
        quick=quick,
        machine=machine.machine() | {"load before": machine.load()},
        versions=machine.versions(),
    )


def _measured(name: str, part: Part, case: Case, shelf: Shelf) -> bool:
    """Run a case once; what it fails with is kept, and the others go on."""
    line = f"{name}: {case.contender}, {case.setting}"
    try:
        with Ground(shelf) as ground:
            try:
                values = dict(case.run(ground))
            except Exception:
                console.print(
                    ground.processes.said(), markup=False, highlight=False, soft_wrap=True
                )
                raise
    except Exception as error:  # noqa: BLE001 one of many, told in the page
        why = f"{type(error).__name__}: {error}".splitlines()[0]
        part.fail(case.contender, case.setting, why)
        console.print(f"{line}: {why}", markup=False, soft_wrap=True)
        return False
    part.enter(case.contender, case.setting, values)
    told = ", ".join(f"{measure} {page.number(value)}" for measure, value in values.items())
    console.print(f"{line}: {told}", markup=False, highlight=False, soft_wrap=True)
    return True


def _write() -> None:
    """The page and the charts, of all that is kept."""
    kept = results.load()
    parts = {name: kept[name] for name in WORKLOADS if name in kept}
    page.FILE.write_text(page.page(parts), "utf-8")
    charts.draw(parts)


def _show(part: Part) -> None:
    for measure, unit in part.units.items():
        rows = [row for row in part.rows if row.measure == measure]
        if not any(any(row.values) or row.faults for row in rows):
            continue
        shown = Table(title=f"{part.title}: {measure}, {unit}", title_justify="left")
        for heading in ("contender", "setting"):
            shown.add_column(heading)
        for heading in ("median", "min", "max", "ours is" if part.by_contender else "to the first"):
            shown.add_column(heading, justify="right")
        for row in rows:
            cells = cells_of(row, base_of(part, row, rows), inverse=part.by_contender)
            shown.add_row(row.contender, row.setting, *cells)
        console.print(shown)


if __name__ == "__main__":
    sys.exit(main())
