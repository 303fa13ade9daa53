"""What a workload is: cases, each of one contender in one setting, measured on fresh ground."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.ground import Ground

OURS = "ChargeRelay"


@dataclass(frozen=True, slots=True)
class Scale:
    """How large the work is.

    Attributes:
        quick: small sizes, to see that it runs.
        huge: ten million rows where one million is the most otherwise.
    """

    quick: bool = False
    huge: bool = False

    def size(self, full: int, quick: int | None = None) -> int:
        """The size to use; a quick one is a fifth unless it is given."""
        return (full // 5 if quick is None else quick) if self.quick else full


@dataclass(frozen=True, slots=True)
class Case:
    """One contender in one setting.

    Attributes:
        run: returns values by the names of the workload's measures.
    """

    contender: str
    setting: str
    run: Callable[[Ground], Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Workload:
    """One table of the results.

    Attributes:
        units: by measure; the order of the tables.
        cases: those of a scale, in the order in which they take turns.
        by_contender: the ratio is to the other contenders in the same setting; else it is to the
            contender's own first setting.
    """

    title: str
    units: Mapping[str, str]
    cases: Callable[[Scale], Sequence[Case]]
    by_contender: bool = True
