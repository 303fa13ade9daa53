"""`make bench`: each workload in alternation for us and the peers; medians, spreads, ratios."""

import argparse
import statistics
from collections.abc import Callable

from rich.console import Console
from rich.table import Table

from benchmarks import intake, push
from benchmarks.ground import Ground

Workload = Callable[[Ground, int], float]
WORKLOADS: dict[str, tuple[str, int, dict[str, Workload]]] = {
    "intake": ("events/s into the journal, one worker, SQLite", 20_000, intake.CONTENDERS),
    "push": ("records/s to a vendor that answers in 20 ms", 3_000, push.CONTENDERS),
}


def main() -> None:
    """Run the workloads asked for, all by default."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("workloads", nargs="*", choices=[*WORKLOADS, []], default=[])
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    console = Console()
    for name in options.workloads or WORKLOADS:
        title, size, contenders = WORKLOADS[name]
        rates: dict[str, list[float]] = {contender: [] for contender in contenders}
        for _ in range(options.rounds):
            for contender, run in contenders.items():
                with Ground() as ground:
                    rates[contender].append(run(ground, size))
        console.print(_table(f"{name}: {title}; {size} items, {options.rounds} rounds", rates))


def _table(title: str, rates: dict[str, list[float]]) -> Table:
    table = Table("contender", title=title, title_justify="left")
    for heading in ("median /s", "min /s", "max /s", "ours is"):
        table.add_column(heading, justify="right")
    ours = statistics.median(next(iter(rates.values())))
    for contender, values in rates.items():
        median = statistics.median(values)
        row = (f"{median:,.0f}", f"{min(values):,.0f}", f"{max(values):,.0f}")
        table.add_row(contender, *row, f"{ours / median:.2f} x")
    return table


if __name__ == "__main__":
    main()
