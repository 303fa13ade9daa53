"""In which order records come on the pages, and whether what is sought must have come by now.

The document names no order. Two are understood, each from either end: by the end of the charge,
and by the time of telling. In the first, what is sought has come once records are older than it.
In the second, it has come once as many records were read as were told since. Both are awaited.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from worker.copies import Span

# Told later than this after its end a record breaks the order of telling, and all pages are read.
LATE = timedelta(days=3)
# How much older records must be: where each is older than the one before, and where not quite.
SORTED, NEARLY_SORTED = timedelta(minutes=10), timedelta(days=1)
OLDER_IN_A_ROW = 200

Times = Sequence[datetime | None]


class Order:
    """Follows records from the newest end on.

    Attributes:
        kept: whether they come from new to old so far.
    """

    def __init__(self, span: Span) -> None:
        self.kept = True
        self._span = span
        self._rows = 0
        self._sorted = True
        self._before: datetime | None = None
        self._oldest: datetime | None = None
        self._older = {SORTED: 0, NEARLY_SORTED: 0}
        self._begins: datetime | None = None
        self._descends = False

    def follow(self, page: Times) -> None:
        """The next page, its newest records first."""
        self._rows += len(page)
        known = [moment for moment in page if moment is not None]
        self.kept = self.kept and len(known) == len(page)
        for moment in known:
            self._follow(moment)
        if known:
            middle = _middle(known)
            self._begins = self._begins or middle
            self._descends = middle < self._begins
        for margin in self._older:
            older = all(moment < self._span.since - margin for moment in known)
            self._older[margin] = self._older[margin] + len(page) if older else 0

    @property
    def past(self) -> bool:
        """Whether all that is sought has come, if the order goes on."""
        enough = self._older[self._margin] >= OLDER_IN_A_ROW and self._rows >= self._span.told
        return self.kept and self._descends and enough

    def goes_on(self, page: Times) -> bool:
        """Whether a page from further on has only what is older than all that is sought."""
        oldest = self._oldest
        floor = self._span.since - self._margin
        known = [moment for moment in page if moment is not None]
        if oldest is None or len(known) < len(page) or any(moment >= floor for moment in known):
            return False
        if any(moment > oldest + LATE for moment in known):
            return False
        self._oldest = min([oldest, *known])
        return True

    def give_up(self) -> None:
        """The order did not go on."""
        self.kept = False

    @property
    def _margin(self) -> timedelta:
        return SORTED if self._sorted else NEARLY_SORTED

    def _follow(self, moment: datetime) -> None:
        if self._before is not None and moment > self._before:
            self._sorted = False
        if self._oldest is not None and moment > self._oldest + LATE:
            self.kept = False
        self._before = moment
        self._oldest = moment if self._oldest is None else min(self._oldest, moment)


def newest_last(first: Times, last: Times) -> bool:
    """Whether the last page is newer than the first one."""
    begins = [moment for moment in first if moment is not None]
    ends = [moment for moment in last if moment is not None]
    return bool(begins and ends) and _middle(begins) < _middle(ends)


def _middle(moments: Sequence[datetime]) -> datetime:
    return sorted(moments)[len(moments) // 2]
