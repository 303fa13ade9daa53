"""What a vendor's answer can mean: four words, as values; and what an unclear one leads to."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Accepted:
    """The vendor has it, now or already before."""

    reason: str = "accepted"
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The vendor will never take it as it is; a person has to look."""

    reason: str
    code: str | None = None


@dataclass(frozen=True, slots=True)
class TryLater:
    """Not taken, and surely not processed: send it again later.

    Attributes:
        after_s: the wait the vendor asked for; None leaves it to our schedule.
        whole_lane: the wait is meant for every report of the lane (a throttle, a dead credential).
    """

    reason: str
    code: str | None = None
    after_s: float | None = None
    whole_lane: bool = False


@dataclass(frozen=True, slots=True)
class Unclear:
    """The bytes left, but no answer tells whether the vendor took them."""

    reason: str
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Absent:
    """Looked up at the vendor, and not there: it may be sent. No answer to a report itself."""


class OnUnclear(StrEnum):
    """What to do with a report of which nobody knows whether it arrived.

    resend: send again; the vendor's contract says that a repeat is harmless.
    verify: look it up at the vendor first.
    hold: a person decides.
    """

    RESEND = "resend"
    VERIFY = "verify"
    HOLD = "hold"


Outcome = Accepted | Refused | TryLater | Unclear


def word(outcome: Outcome) -> str:
    """The outcome's name as the journal writes it: accepted, refused, try-later or unclear."""
    match outcome:
        case Accepted():
            return "accepted"
        case Refused():
            return "refused"
        case TryLater():
            return "try-later"
        case Unclear():
            return "unclear"
