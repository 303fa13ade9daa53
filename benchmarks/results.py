"""`results.json`: what was measured, a part for each workload, each with when and on what."""

import json
import statistics
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("results.json")


@dataclass(slots=True)
class Row:
    """One measure of one contender in one setting; a value for each round that came to its end.

    Attributes:
        faults: what was said of the rounds that did not.
    """

    contender: str
    setting: str
    measure: str
    values: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def median(self) -> float | None:
        """The middle one; None if no round came to its end."""
        return statistics.median(self.values) if self.values else None


@dataclass(slots=True)
class Part:
    """One workload's results.

    Attributes:
        units: by measure, in the order of the tables.
        machine: what it ran on, by name.
        versions: of the contenders, by name.
    """

    title: str
    units: dict[str, str]
    by_contender: bool
    began_at: str
    rounds: int
    quick: bool
    machine: dict[str, str]
    versions: dict[str, str]
    rows: list[Row] = field(default_factory=list)

    def enter(self, contender: str, setting: str, values: dict[str, float]) -> None:
        """A round's values by measure."""
        for measure, value in values.items():
            self.row(contender, setting, measure).values.append(round(value, 4))

    def fail(self, contender: str, setting: str, why: str) -> None:
        """A round that did not come to its end; said of the first measure."""
        self.row(contender, setting, next(iter(self.units))).faults.append(why)

    def row(self, contender: str, setting: str, measure: str) -> Row:
        """The row of these three, made if it is not there."""
        found = self.find(contender, setting, measure)
        if found is None:
            found = Row(contender, setting, measure)
            self.rows.append(found)
        return found

    def find(self, contender: str, setting: str, measure: str) -> Row | None:
        """The row of these three."""
        key = (contender, setting, measure)
        return next((r for r in self.rows if (r.contender, r.setting, r.measure) == key), None)


Results = dict[str, Part]


def load(path: Path = FILE) -> Results:
    """By workload; empty if nothing was measured yet."""
    if not path.exists():
        return {}
    return {name: _part(given) for name, given in json.loads(path.read_text("utf-8")).items()}


def keep(measured: Results, path: Path = FILE) -> Results:
    """Put these workloads' parts in the place of what the file has of them; returns all."""
    merged = load(path) | measured
    written = {name: asdict(part) for name, part in merged.items()}
    path.write_text(json.dumps(written, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return merged


def median(results: Results, workload: str, contender: str, setting: str, measure: str) -> float:
    """The middle value.

    Raises:
        LookupError: it was not measured.
    """
    part = results.get(workload)
    row = part.find(contender, setting, measure) if part else None
    found = row.median if row else None
    if found is None:
        raise LookupError(f"{workload}: {contender}, {setting}, {measure}")
    return found


def _part(given: dict[str, Any]) -> Part:
    return Part(**given | {"rows": [Row(**row) for row in given["rows"]]})
