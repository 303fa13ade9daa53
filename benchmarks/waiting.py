"""Waiting that ends: a benchmark that hangs is a fault, not a night."""

import time
from collections.abc import Callable

LIMIT_S = 120.0


class InVain(Exception):
    """What was waited for did not come."""


def wait(
    condition: Callable[[], object], what: str, every_s: float = 0.01, limit_s: float = LIMIT_S
) -> None:
    """Wait until it holds.

    Raises:
        InVain: it does not, within the limit.
    """
    end = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > end:
            raise InVain(f"waited {limit_s:.0f} s in vain until {what}")
        time.sleep(every_s)
