"""Shifts the wall clock of this Python process by the seconds in the file RELAY_CHAOS_SKEW names.

Python imports a module of this name at its start, if it is on the path. The file is read again and
again, so that the clock jumps while the process runs. Monotonic time, by which waits are measured,
goes on as it does when a real wall clock is set.
"""

import datetime as standard
import os
import time
from pathlib import Path

_FILE = Path(os.environ["RELAY_CHAOS_SKEW"])
_LOOK_EVERY_S = 0.05
_true_time = time.time
_state = [0.0, -1.0]


def _skew_s() -> float:
    now = time.monotonic()
    if now - _state[1] > _LOOK_EVERY_S:
        _state[:] = [float(_FILE.read_text() or 0), now]
    return _state[0]


def _shifted_time() -> float:
    return _true_time() + _skew_s()


class _Kind(type):
    """Any true datetime is one of ours, as for who made it before us."""

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, _true_datetime)

    def __subclasscheck__(cls, other: type) -> bool:
        return issubclass(other, _true_datetime)


_true_datetime = standard.datetime


class datetime(_true_datetime, metaclass=_Kind):
    """The standard's, but for what it thinks is now."""

    @classmethod
    def now(cls, tz=None):  # noqa: ANN001, ANN206 as the standard's
        """Now, shifted."""
        return cls.fromtimestamp(_shifted_time(), tz)

    @classmethod
    def utcnow(cls):  # noqa: ANN206 as the standard's
        """Now in UTC, shifted."""
        return cls.fromtimestamp(_shifted_time(), standard.UTC).replace(tzinfo=None)


time.time = _shifted_time
standard.datetime = datetime
