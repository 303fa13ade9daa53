"""`RESULTS.md`, written from results.json and from nothing else."""

from collections.abc import Iterator
from pathlib import Path

from benchmarks.bars import BARS
from benchmarks.results import Part, Results, Row

FILE = Path(__file__).with_name("RESULTS.md")
HEAD = """# What was measured

Written by `make bench` from `results.json`; what it runs stands in [`benchmarks/`](.). Within a
table all contenders did the same work, on one machine, in one run, in turns. Rates are counted
where the work arrives, at the vendor or in the database, from the first tenth to the last item, so
that no start-up counts. Loss and double pushes under faults are counted by `make chaos`, in
[`docs/reliability.md`](../docs/reliability.md).
"""
NOTHING = "not measured"


def page(results: Results) -> str:
    """The whole page."""
    blocks = [HEAD, "## Bars\n", bars(results)]
    for name, part in results.items():
        blocks += [f"## {part.title}\n", _origin(name, part), *_tables(part)]
    return "\n".join(blocks)


def bars(results: Results) -> str:
    """Each bar, what was measured, met or not."""
    lines = ["| bar | wanted | measured | |", "| --- | ---: | ---: | --- |"]
    for bar in BARS:
        ratio = bar.measured(results)
        if ratio is None:
            said = [NOTHING, ""]
        else:
            said = [f"{ratio:.2f} ×", "met" if bar.met(ratio) else "**missed**"]
        lines.append(f"| {bar.what} | {bar.wanted} | {said[0]} | {said[1]} |")
    if small := [name for name, part in results.items() if part.quick]:
        lines += ["", f"Measured with small sizes, so far: {', '.join(small)}."]
    return "\n".join(lines) + "\n"


def _origin(name: str, part: Part) -> str:
    sizes = "small sizes" if part.quick else "full sizes"
    machine = ", ".join(f"{key} {value}" for key, value in part.machine.items())
    versions = "; ".join(f"{key}: {value}" for key, value in part.versions.items())
    run = f"`make bench ARGS={name}`, {part.began_at}, {sizes}, rounds: {part.rounds}"
    return f"{run}. {machine}. {versions}.\n"


def _tables(part: Part) -> Iterator[str]:
    for measure, unit in part.units.items():
        rows = [row for row in part.rows if row.measure == measure]
        if not rows:
            continue
        if all(row.values and not any(row.values) and not row.faults for row in rows):
            yield f"{measure.capitalize()}: 0 {unit}, in every round of every line.\n"
        else:
            yield table(part, measure, unit, rows)


def table(part: Part, measure: str, unit: str, rows: list[Row]) -> str:
    """One measure's lines: median, min, max and the ratio."""
    against = "ours is" if part.by_contender else "to the first"
    lines = [
        f"| {measure}, {unit} | | median | min | max | {against} |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
    ]
    for row in rows:
        cells = cells_of(row, base_of(part, row, rows), inverse=part.by_contender)
        lines.append(f"| {row.contender} | {row.setting} | {' | '.join(cells)} |")
    faults = [f"- {r.contender}, {r.setting}: {fault}" for r in rows for fault in r.faults]
    return "\n".join([*lines, *(["", *faults] if faults else [])]) + "\n"


def base_of(part: Part, row: Row, rows: list[Row]) -> Row:
    """The row to which it is compared: the first of its setting, or the first of its contender."""
    if part.by_contender:
        return next(other for other in rows if other.setting == row.setting)
    return next(other for other in rows if other.contender == row.contender)


def cells_of(row: Row, base: Row, *, inverse: bool) -> list[str]:
    """Median, min, max and ratio as they are read; inverse: of the base to this row."""
    middle, first = row.median, base.median
    if middle is None:
        return [NOTHING, "", "", ""]
    over, under = (first, middle) if inverse else (middle, first)
    ratio = f"{over / under:.2f} ×" if over is not None and under and row is not base else ""
    return [number(middle), number(min(row.values)), number(max(row.values)), ratio]


def number(value: float) -> str:
    """With thousands marked, and decimals only below a hundred."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
