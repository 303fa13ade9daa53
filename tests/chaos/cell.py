"""A cell of the matrix: what is forced, where, and what it may cost."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.chaos.stage import Stage

BOTH = ("sqlite", "postgresql")
Play = Callable[["Stage"], None]


class NotRun(Exception):
    """This machine cannot force it; the message says why."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One fault.

    Attributes:
        name: the fault, in a few words.
        group: what is hit.
        play: loads, forces the fault, heals; the runner settles and counts.
        within_s: by when delivery has to go on after the healing; None: no bar.
        databases: where it makes a difference.
        fsync: the broker's.
        doubts: whether reports may become Unclear; else any double is a fault.
        alone: it measures, nothing else may run meanwhile.
        disk: the journal lies on a small file system of its own.
    """

    name: str
    group: str
    play: Play
    within_s: float | None = None
    databases: tuple[str, ...] = BOTH
    fsync: str = "everysec"
    doubts: bool = False
    disk: bool = False
    alone: bool = False
