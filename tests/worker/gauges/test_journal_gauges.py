from datetime import timedelta

from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from tests.worker.given import NOON
from worker.events import Kind
from worker.gauges import journal
from worker.journal.measures import Measures

CITY, GONE = "city", "gone"
RECORD, WARNING = Kind.CHARGE_RECORD, Kind.SAFETY_WARNING
NOTHING = Measures({}, {}, {}, {}, {}, {}, {}, {}, {}, 0, None)
SOME = Measures(
    reports={(CITY, RECORD, "pending"): 2, (GONE, RECORD, "held"): 1},
    due_at={(CITY, RECORD): NOON - timedelta(seconds=90), (GONE, RECORD): NOON + timedelta(1)},
    taken_in_at={(CITY, WARNING): NOON - timedelta(seconds=40)},
    paused_at={GONE: NOON - timedelta(days=2)},
    breaker_steps={CITY: 3, GONE: 0},
    not_before={(CITY, RECORD): NOON + timedelta(1), (CITY, WARNING): NOON - timedelta(1)},
    failed_reports={CITY: 4},
    conflicts={RECORD: 5},
    rejects={RECORD: 6},
    size_bytes=1000,
    disk=(10_000, 700),
)
Of = dict[str, str]


class Scrape(Collector):
    def __init__(self, found: Measures) -> None:
        self.found = found
        self.registry = CollectorRegistry()
        self.registry.register(self)

    def collect(self) -> list[Metric]:
        return journal.families(self.found, [(CITY, RECORD), (CITY, WARNING)], [WARNING], NOON)

    def __call__(self, name: str, **of: str) -> float | None:
        return self.registry.get_sample_value(f"chargerelay_{name}", of)


def test_a_configured_lane_is_there_before_anything_happens_in_it() -> None:
    one = Scrape(NOTHING)
    for state in ("pending", "sending", "unclear", "refused", "held", "given_up"):
        assert one("reports", vendor=CITY, kind=RECORD, state=state) == 0
    assert one("report_oldest_due_seconds", vendor=CITY, kind=RECORD) == 0
    assert one("warning_oldest_waiting_seconds", vendor=CITY, kind=WARNING) == 0
    assert one("warning_oldest_waiting_seconds", vendor=CITY, kind=RECORD) is None
    assert (one("breaker_open", vendor=CITY), one("vendor_paused_seconds", vendor=CITY)) == (0, 0)
    assert one("lane_held", vendor=CITY, kind=RECORD) == 0
    assert (one("conflicts_undecided", kind=RECORD), one("rejects_kept", queue=RECORD)) == (0, 0)
    assert one("journal_disk_free_bytes") is None


def test_what_was_measured_is_told_in_seconds_bytes_and_counts() -> None:
    one = Scrape(SOME)
    assert one("reports", vendor=CITY, kind=RECORD, state="pending") == 2
    assert one("reports", vendor=GONE, kind=RECORD, state="held") == 1
    assert one("report_oldest_due_seconds", vendor=CITY, kind=RECORD) == 90
    assert one("report_oldest_due_seconds", vendor=GONE, kind=RECORD) == 0
    assert one("warning_oldest_waiting_seconds", vendor=CITY, kind=WARNING) == 40
    assert (one("breaker_open", vendor=CITY), one("breaker_open", vendor=GONE)) == (1, 0)
    assert one("vendor_paused_seconds", vendor=GONE) == 2 * 86_400
    assert one("lane_held", vendor=CITY, kind=RECORD) == 1
    assert one("lane_held", vendor=CITY, kind=WARNING) == 0
    assert one("failed_reports_waiting", vendor=CITY) == 4
    assert (one("conflicts_undecided", kind=RECORD), one("rejects_kept", queue=RECORD)) == (5, 6)
    assert (one("journal_size_bytes"), one("journal_disk_free_bytes")) == (1000, 700)
