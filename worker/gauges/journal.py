"""The journal's measures under the names that Prometheus reads."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import TypeVar

from prometheus_client.core import GaugeMetricFamily, Metric

from worker.events import Kind
from worker.journal.measures import Measures
from worker.journal.states import OPEN, State

Lane = tuple[str, Kind]
Of = TypeVar("Of", bound=tuple[str, ...])
SHOWN = (*OPEN, State.REFUSED, State.HELD, State.GIVEN_UP)


def families(
    found: Measures, lanes: Iterable[Lane], urgent: Collection[Kind], now: datetime
) -> list[Metric]:
    """Every family; the configured lanes are named in each, also where there is nothing.

    Args:
        found: the journal as it was looked at.
        lanes: the configured ones.
        urgent: the kinds that are to be told within seconds.
        now: the journal's time of looking.
    """
    own = {(vendor, kind.value) for vendor, kind in lanes}
    hurried = {lane for lane in own if lane[1] in urgent}
    vendors = {vendor for vendor, _ in own} | set(found.breaker_steps)
    held = {lane: float(until > now) for lane, until in found.not_before.items()}
    return [
        _family(
            "reports",
            "Reports that are no end yet, and those that wait for a person.",
            ("vendor", "kind", "state"),
            {(*lane, state.value): 0 for lane in own for state in SHOWN} | found.reports,
        ),
        _family(
            "report_oldest_due_seconds",
            "For how long the first report of a lane is due; 0: none is.",
            ("vendor", "kind"),
            dict.fromkeys(own, 0.0) | _ages(found.due_at, now),
        ),
        _family(
            "warning_oldest_waiting_seconds",
            "How long ago the oldest warning that a vendor has not taken was taken in; 0: none.",
            ("vendor", "kind"),
            dict.fromkeys(hurried, 0.0) | _ages(found.taken_in_at, now),
        ),
        _family(
            "breaker_open",
            "1: the vendor failed too often; it is probed only.",
            ("vendor",),
            {(vendor,): float(found.breaker_steps.get(vendor, 0) > 0) for vendor in vendors},
        ),
        _family(
            "vendor_paused_seconds",
            "For how long the vendor is paused by hand; 0: it is not.",
            ("vendor",),
            {(vendor,): 0.0 for vendor in vendors}
            | _ages({(vendor,): at for vendor, at in found.paused_at.items()}, now),
        ),
        _family(
            "lane_held",
            "1: the vendor has asked the lane to wait.",
            ("vendor", "kind"),
            dict.fromkeys(own, 0.0) | held,
        ),
        *_counted(found),
    ]


def _counted(found: Measures) -> Iterator[Metric]:
    yield _family(
        "failed_reports_waiting",
        "Failed reports of which nothing became yet.",
        ("vendor",),
        {(vendor,): n for vendor, n in found.failed_reports.items()},
    )
    yield _family(
        "conflicts_undecided",
        "Orders with two contents, of which a person has to choose one.",
        ("kind",),
        {(kind.value,): found.conflicts.get(kind, 0) for kind in Kind},
    )
    yield _family(
        "rejects_kept",
        "Items that could not be read and were not put back.",
        ("queue",),
        {(kind.value,): found.rejects.get(kind, 0) for kind in Kind},
    )
    yield _family(
        "journal_size_bytes", "The journal's database.", (), {(): float(found.size_bytes)}
    )
    if found.disk is not None:
        size, free = found.disk
        yield _family("journal_disk_size_bytes", "The journal's disk.", (), {(): float(size)})
        yield _family("journal_disk_free_bytes", "What is free of it.", (), {(): float(free)})


def _ages(moments: Mapping[Of, datetime], now: datetime) -> dict[Of, float]:
    """Seconds since each; what lies ahead is no age."""
    return {of: max(0.0, (now - at).total_seconds()) for of, at in moments.items()}


def _family(name: str, help_: str, labels: tuple[str, ...], values: Mapping[Of, float]) -> Metric:
    family = GaugeMetricFamily(f"chargerelay_{name}", help_, labels=labels)
    for of, value in sorted(values.items()):
        family.add_metric(of, value)
    return family
