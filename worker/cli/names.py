"""A name that is not known, answered with the nearest ones that are."""

from collections.abc import Iterable
from difflib import get_close_matches

MOST = 3


def near(name: str, known: Iterable[str]) -> str:
    """`; did you mean …?` with the nearest names, or with the first if none is near."""
    names = sorted(known)
    folded = {one.casefold(): one for one in names}
    found = get_close_matches(name.casefold(), list(folded), n=MOST, cutoff=0.4)
    likely = [folded[one] for one in found] or names[:MOST]
    return f"; did you mean {' or '.join(likely)}?" if likely else ""
