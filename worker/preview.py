"""What a replay would do, how long it takes and what is dangerous about it, in words."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from worker.events import Kind
from worker.journal.replay import Counts, Fate, places
from worker.journal.states import State
from worker.wording import age, counted

WORDS = {
    Fate.REPLAYED: "replayed",
    Fate.OVERTAKEN: "not replayed: a newer status is known",
    Fate.LEFT: "not replayed: not from this state",
}
TWICE = {
    Kind.CHARGE_RECORD: "a vendor that does not know a record again books it twice (a "
    "charging_station platform stores it a second time, a parkpot gate may grant a second "
    "discount)",
    Kind.CONNECTOR_STATUS: "harmless, a vendor only hears what it knows",
    Kind.SAFETY_WARNING: "whoever is on watch at the vendor is alarmed once more",
}


def rows(counts: Counts) -> Iterator[dict[str, Any]]:
    """A row for each group."""
    for group in sorted(counts, key=lambda g: (g.fate, g.vendor, g.kind, g.state)):
        yield {**asdict(group), "reports": counts[group]}


def only(counts: Counts, fate: Fate) -> Counts:
    """The groups that fared so."""
    return Counter({group: count for group, count in counts.items() if group.fate is fate})


def replayed(counts: Counts) -> int:
    """How many reports are replayed."""
    return only(counts, Fate.REPLAYED).total()


def told(counts: Counts, per_s: float, *, dry_run: bool) -> str:
    """The sum, and over what time its reports become due."""
    count = replayed(counts)
    if not count and not dry_run:
        return "nothing was replayed"
    last_s = (max(places(counts).values(), default=1) - 1) / per_s
    over = f", {per_s:g} a second of each vendor, over {age(last_s)}" if last_s >= 1 else ""
    if dry_run:
        return f"would be replayed: {counted(count, 'report')}{over}; nothing was written"
    when = "each in its turn" if over else "within seconds"
    return f"replayed: {counted(count, 'report')}{over}; a running worker sends {when}"


def dangers(counts: Counts) -> Iterator[str]:
    """What it means to tell vendors what they had accepted: a sentence for each kind of it."""
    twice = [g for g in only(counts, Fate.REPLAYED) if g.state == State.ACCEPTED]
    for kind, why in TWICE.items():
        vendors = {g.vendor: counts[g] for g in twice if g.kind == kind}
        if vendors:
            listed = ", ".join(f"{name} {count}" for name, count in sorted(vendors.items()))
            yield f"{kind}, accepted before ({listed}): {why}"
