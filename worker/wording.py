"""Times, time spans and counts as people read them, on every screen."""

from datetime import datetime

from worker.fields import SHANGHAI


def local(moment: datetime | None) -> str:
    """A time as the producers write it, in Asia/Shanghai; the year only when it is another."""
    if moment is None:
        return ""
    here = moment.astimezone(SHANGHAI)
    this_year = here.year == datetime.now(SHANGHAI).year
    return f"{here:%m-%d %H:%M:%S}" if this_year else f"{here:%Y-%m-%d}"


def age(seconds: float | None) -> str:
    """A time span in its largest unit."""
    if seconds is None:
        return ""
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"


def counted(count: int, word: str) -> str:
    """A count with its word."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
