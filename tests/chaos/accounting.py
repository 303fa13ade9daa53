"""The exact count: what was published against the journal, the queues and what vendors saw."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from redis import Redis
from sqlalchemy import Engine, func, select

from tests.chaos.load import RECORD, STATUS, WARNING, Book, order_of
from tests.sandbox.callers import Control
from worker.journal import tables
from worker.journal.engine import reading

TAKES = {
    "city-platform": (RECORD, STATUS, WARNING),
    "mall-garage": (RECORD,),
    "held-garage": (RECORD,),
}
ENDED = ("accepted", "superseded", "expired", "refused", "held", "given_up")


@dataclass
class Seen:
    """What one vendor saw, counted by the vendor itself."""

    pushes: Counter[str]
    """By orderNo."""
    warnings: set[str] = field(default_factory=set)
    readings: list[tuple[str, str]] = field(default_factory=list)
    """Connector and time, in order of arrival."""


@dataclass
class Kept:
    """What the journal and the queues hold."""

    events: Counter[str]
    duplicates: Counter[str]
    conflicts: Counter[str]
    rejects: Counter[str]
    reports: Counter[tuple[str, str, str]]
    """By vendor, kind and state."""
    queued: Counter[str]
    accepted_orders: dict[str, set[str]]
    """By vendor."""
    orders: set[str]


@dataclass
class Account:
    """The result of a cell."""

    faults: list[str]
    """Sentences; empty when the equation holds."""
    lost: int
    doubles: dict[str, int]
    """Pushes of an orderNo after its first one, by vendor."""
    undoubted: int
    """Doubles of reports that were never Unclear."""
    held: int


def look(engine: Engine, redis: Redis) -> Kept:
    """Count the journal and the queues."""
    event, report, conflict = tables.event.c, tables.report.c, tables.conflict.c
    with reading(engine) as connection:

        def counted(query: object) -> Counter[str]:
            return Counter({row[0]: int(row[1]) for row in connection.execute(query)})  # type: ignore[call-overload]

        kept = Kept(
            events=counted(select(event.kind, func.count()).group_by(event.kind)),
            duplicates=counted(select(event.kind, func.sum(event.duplicates)).group_by(event.kind)),
            conflicts=counted(
                select(conflict.kind, func.sum(conflict.repeats + 1)).group_by(conflict.kind)
            ),
            rejects=counted(
                select(tables.reject.c.queue, func.count()).group_by(tables.reject.c.queue)
            ),
            reports=Counter(
                {
                    (row[0], row[1], row[2]): row[3]
                    for row in connection.execute(
                        select(report.vendor, report.kind, report.state, func.count()).group_by(
                            report.vendor, report.kind, report.state
                        )
                    )
                }
            ),
            queued=_queued(redis),
            accepted_orders={},
            orders=set(
                connection.execute(select(event.subject).where(event.kind == RECORD)).scalars()
            ),
        )
        for vendor in TAKES:
            query = select(report.subject).where(
                report.vendor == vendor, report.kind == RECORD, report.state == "accepted"
            )
            kept.accepted_orders[vendor] = set(connection.execute(query).scalars())
    return kept


def _queued(redis: Redis) -> Counter[str]:
    queued: Counter[str] = Counter()
    for kind in (RECORD, STATUS, WARNING):
        names = [kind.encode(), *redis.scan_iter(match=f"{kind}:processing:*", count=1000)]
        queued[kind] = sum(int(redis.llen(name)) for name in names)
    return queued


def ask(control: Control) -> Seen:
    """What the vendor itself says that it received."""
    items = control.call("GET", "received?limit=0").json()["items"]
    pushes: Counter[str] = Counter()
    seen = Seen(pushes)
    for item in items:
        if item["kind"] == RECORD:
            order = item["key"] if item["key"].startswith("ORDER") else order_of(item["key"])
            pushes[order] += 1
        elif item["kind"] == WARNING:
            seen.warnings.add(item["key"])
        else:
            seen.readings.append((item["key"], item["body"]["updateDatetime"]))
    if control.vendor.endswith("garage"):  # it keeps a repeated order once, and counts it
        counters = control.counters()
        named = Counter(counters["repeated_keys"])
        pushes.update(named)
        if more := counters["repeated_items"] - named.total():
            pushes["(more than are named)"] = more + 1
    return seen


def settle(
    book: Book, kept: Kept, seen: Mapping[str, Seen], doubtful: Mapping[str, Iterable[str]]
) -> Account:
    """Hold the three sides against each other.

    Args:
        book: what was published.
        kept: the journal and the queues.
        seen: by vendor.
        doubtful: by vendor, the orders whose report was Unclear at some time.
    """
    faults = [*_equation(book, kept), *_order(book, seen["city-platform"])]
    lost = len(book.orders - kept.orders) + len(book.warnings - seen["city-platform"].warnings)
    for vendor in TAKES:
        told = {order for order, count in seen[vendor].pushes.items() if count}
        lost += len(kept.accepted_orders[vendor] - told)
    lost += sum(
        1 for c, at in book.newest.items() if (c, at) not in set(seen["city-platform"].readings)
    )
    lost += sum(kept.queued.values())
    lost += sum(n for (_, _, state), n in kept.reports.items() if state not in ENDED)
    again = {
        vendor: {order: n - 1 for order, n in seen[vendor].pushes.items() if n > 1}
        for vendor in TAKES
    }
    undoubted = sum(
        n
        for vendor, orders in again.items()
        for order, n in orders.items()
        if order not in set(doubtful.get(vendor, ()))
    )
    return Account(
        faults=faults,
        lost=lost,
        doubles={vendor: sum(orders.values()) for vendor, orders in again.items()},
        undoubted=undoubted,
        held=sum(n for (_, _, state), n in kept.reports.items() if state == "held"),
    )


def _equation(book: Book, kept: Kept) -> list[str]:
    """published = accepted + superseded + expired + refused + held + conflicts + duplicates + …"""
    faults = []
    for vendor, kinds in TAKES.items():
        for kind in kinds:
            reports = sum(kept.reports[vendor, kind, state] for state in ENDED)
            aside = kept.duplicates[kind] + kept.conflicts[kind] + kept.rejects[kind]
            found = reports + aside + kept.queued[kind]
            least = book.published[kind]
            if not least <= found <= least + book.uncertain[kind]:
                faults.append(
                    f"{vendor} {kind}: {least} published (and {book.uncertain[kind]} uncertain), "
                    f"but {reports} reports + {aside} aside + {kept.queued[kind]} queued"
                )
    return faults


def _order(book: Book, city: Seen) -> list[str]:
    """Never an older status after a newer one."""
    last: dict[str, str] = {}
    faults = []
    for connector, at in city.readings:
        if at < last.get(connector, ""):
            faults.append(f"{connector} was told of {at} after {last[connector]}")
        last[connector] = max(at, last.get(connector, ""))
    faults += [
        f"{connector} ends with {last.get(connector)}, the newest is {at}"
        for connector, at in book.newest.items()
        if last.get(connector) != at
    ]
    return faults
