"""Which reports go into one request."""

from collections.abc import Iterator, Sequence

from worker.journal.claim import Claim

# What keeps failing may be what makes a whole list fail: it no longer takes others with it.
ALONE_AFTER_TRIES = 3
LOOKED_UP_TOGETHER = 100


def packs(claims: Sequence[Claim], size: int) -> Iterator[list[Claim]]:
    """Each claim in one pack, in their order within its sort.

    Apart what is looked up; alone what fails again and again, or failed at the vendor; the rest at
    most `size` together.
    """
    sent = [claim for claim in claims if not claim.look_up]
    yield from _cut([claim for claim in claims if claim.look_up], LOOKED_UP_TOGETHER)
    yield from _cut([claim for claim in sent if _alone(claim)], 1)
    yield from _cut([claim for claim in sent if not _alone(claim)], size)


def _alone(claim: Claim) -> bool:
    return claim.tries >= ALONE_AFTER_TRIES or claim.vendor_ref is not None


def _cut(claims: list[Claim], size: int) -> Iterator[list[Claim]]:
    for start in range(0, len(claims), size):
        yield claims[start : start + size]
