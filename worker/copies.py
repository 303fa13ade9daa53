"""What a vendor has of what we told it, as far as it lets us read it back."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Copy:
    """One event as the vendor has it, or as we told it.

    Attributes:
        key: under which the vendor has it.
        occurred_at: the event's own time; None if what the vendor shows cannot be read.
        kwh: energy; None where it is not shown.
        yuan: money; None where it is not shown.
    """

    key: str
    occurred_at: datetime | None
    kwh: Decimal | None
    yuan: Decimal | None


@dataclass(frozen=True, slots=True)
class Span:
    """Which events are read back: from `since` on and before `until`, by their own time.

    Attributes:
        told: how many reports of any time we have told since `since`, counted again for each try.
            What happened in the span is not further from the newest end of a list that is kept in
            the order of telling.
    """

    since: datetime
    until: datetime
    told: int


class NotRead(Exception):
    """What the vendor has could not be read whole; nothing may be called missing."""

    def __init__(self, reason: str, code: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code
