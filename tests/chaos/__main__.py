"""`make chaos`: the whole matrix, with load and a seed; prints the table and writes the page."""

import argparse
import sys
import time

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tests.chaos import matrix, page
from tests.chaos.load import LARGE, SMALL
from tests.chaos.runner import Row


def main() -> int:
    """Run it; 1 if anything was lost, told twice without cause, or late."""
    options = _options()
    console = Console(width=150)
    seed = options.seed if options.seed is not None else int(time.time())
    size = SMALL if options.small else LARGE
    chosen = [place for place in matrix.places(matrix.MATRIX) if options.only in place[0].name]
    console.print(f"seed {seed}, {len(chosen)} cells, {options.jobs} at a time")
    shared = [place for place in chosen if not place[0].alone]
    rows: dict[matrix.Place, Row] = {}
    for places, jobs in ((shared, options.jobs), ([p for p in chosen if p[0].alone], 1)):
        if places:
            with matrix.running(places, size, seed, jobs) as futures:
                for place, future in zip(places, futures, strict=True):
                    rows[place] = future.result()
                    _say(console, rows[place])
    found = [rows[place] for place in chosen]
    console.print(_table(found))
    if not options.only:
        page.write(found, size, seed)
        console.print(f"written: {page.PATH}")
    return int(any(row.faults or row.late for row in found))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--seed", type=int, help="repeat a run; without it another one each time")
    parser.add_argument("--only", default="", help="cells whose name holds this; writes no page")
    parser.add_argument("--small", action="store_true", help="the load of `make test`")
    parser.add_argument("--jobs", type=int, default=2, help="cells at a time")
    return parser.parse_args()


def _say(console: Console, row: Row) -> None:
    verdict = "not run" if row.not_run else "FAILED" if row.faults else "late" if row.late else "ok"
    console.print(f"{verdict:8}{row.cell.group}: {row.cell.name}, {row.database}")
    for fault in row.faults[:5]:
        console.print(Text(f"        {fault}"))


def _table(rows: list[Row]) -> Table:
    table = Table("", "fault", "journal")
    for heading in ("events", "lost", "told twice", "Unclear", "held", "goes on s", "all told s"):
        table.add_column(heading, justify="right")
    table.add_column("")
    for row in rows:
        times = (f"{t:.1f}" if t is not None else "" for t in (row.went_on_s, row.ended_s))
        counts = (row.events, row.lost, sum(row.doubles.values()), row.unclear, row.held)
        said = row.not_run or page.remark(row)
        name = Text(row.cell.name, "red" if row.faults else "")
        table.add_row(row.cell.group, name, row.database, *map(str, counts), *times, Text(said))
    return table


if __name__ == "__main__":
    sys.exit(main())
