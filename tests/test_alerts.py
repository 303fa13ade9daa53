"""The alert rules speak of metrics that there are, fire when they should, and are explained."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from promql_parser import AggregateExpr, BinaryExpr
from typer.main import get_command

from config.settings import Settings
from tests.promql import Series
from tests.scraping import OF_PROMETHEUS, OF_TARGET, grouped, samples, selectors, speaking
from worker.cli import app

ROOT = Path(__file__).parents[1]
FILE = ROOT / "config" / "prometheus" / "alerts.yml"
RULES: dict[str, dict[str, Any]] = {
    rule["alert"]: rule
    for group in yaml.safe_load(FILE.read_text("utf-8"))["groups"]
    for rule in group["rules"]
}
ALERTS = (ROOT / "docs" / "alerts.md").read_text("utf-8")
METRICS = (ROOT / "docs" / "metrics.md").read_text("utf-8")
Given = Mapping[str, Sequence[float | None]]

CITY = '{vendor="city", kind="charge-record"}'
DUE = f"chargerelay_report_oldest_due_seconds{CITY}"
TAKEN = 'chargerelay_attempts_total{vendor="city", kind="charge-record", outcome="accepted"}'
BUSY = 'chargerelay_attempts_total{vendor="city", kind="charge-record", outcome="try-later"}'
PAUSED = 'chargerelay_vendor_paused_seconds{vendor="city"}'
WARNING_DUE = 'chargerelay_report_oldest_due_seconds{vendor="city", kind="safety-warning"}'
WARNING_OLD = 'chargerelay_warning_oldest_waiting_seconds{vendor="city", kind="safety-warning"}'
QUEUE = 'chargerelay_queue_items{queue="charge-record"}'
ITEMS = 'chargerelay_intake_items_total{queue="charge-record"}'
HELD_BY = 'chargerelay_processing_items{queue="charge-record", worker="one"}'
ALIVE = 'chargerelay_worker_alive{worker="one"}'
REJECTS = 'chargerelay_intake_events_total{queue="charge-record", result="reject"}'
REPORTS = 'chargerelay_reports{{vendor="city", kind="charge-record", state="{}"}}'
CALLED = 'chargerelay_callbacks_total{vendor="city", callback="cell-risk", outcome="taken"}'
FORGED = 'chargerelay_callbacks_total{vendor="city", callback="cell-risk", outcome="refused"}'
STRANGE = 'chargerelay_callbacks_total{vendor="city", callback="unknown", outcome="refused"}'
UP = 'up{job="chargerelay", instance="one:9464"}'
SEEN = 'chargerelay_scrape_success{part="journal", instance="one:9464"}'
FREE, DISK = "chargerelay_journal_disk_free_bytes{}", "chargerelay_journal_disk_size_bytes{}"

# Of each alert: a scrape that is calm, and one that is not; the numbers are a minute apart.
CASES: dict[str, tuple[list[Given], list[Given]]] = {
    "ChargeRelayNothingDelivered": (
        [{DUE: [299] * 7}, {DUE: [400] * 7, TAKEN: range(7)}, {DUE: [400] * 7, PAUSED: [500]}],
        [{DUE: [301]}, {DUE: [400] * 7, TAKEN: [6] * 7, PAUSED: [0] * 7}],
    ),
    "ChargeRelayVendorTakesNothing": (
        [{BUSY: [5] * 60, TAKEN: [0] * 60}, {BUSY: range(60), TAKEN: [0] * 59 + [1]}],
        [{BUSY: range(60), TAKEN: [3] * 60}],
    ),
    "ChargeRelayWarningsLate": ([{WARNING_DUE: [30]}, {DUE: [31]}], [{WARNING_DUE: [31]}]),
    "ChargeRelayWarningNotTaken": ([{WARNING_OLD: [300]}], [{WARNING_OLD: [301]}]),
    "ChargeRelayBreakerOpen": (
        [{'chargerelay_breaker_open{vendor="city"}': [0]}],
        [{'chargerelay_breaker_open{vendor="city"}': [1]}],
    ),
    "ChargeRelayLanePaused": ([{PAUSED: [86_400]}], [{PAUSED: [86_401]}]),
    "ChargeRelayQueueGrowing": (
        [{QUEUE: [2000] * 15}, {QUEUE: range(900, 1000, 10)}, {QUEUE: range(9000, 5000, -500)}],
        [{QUEUE: range(900, 2000, 100)}],
    ),
    "ChargeRelayQueueNotTaken": (
        [{QUEUE: [9, 9, 0, 9, 9]}, {QUEUE: [9] * 5, ITEMS: range(5)}],
        [{QUEUE: [9] * 5, ITEMS: [4] * 5}, {QUEUE: [9] * 5}],
    ),
    "ChargeRelayDeadWorkerNotAdopted": (
        [{HELD_BY: [5], ALIVE: [1]}, {HELD_BY: [0], ALIVE: [0]}],
        [{HELD_BY: [5], ALIVE: [0]}],
    ),
    "ChargeRelayRejects": ([{REJECTS: [7] * 60}], [{REJECTS: [7] * 10 + [8]}]),
    "ChargeRelayConflicts": (
        [{'chargerelay_conflicts_undecided{kind="charge-record"}': [0]}],
        [{'chargerelay_conflicts_undecided{kind="charge-record"}': [1]}],
    ),
    "ChargeRelayReportsRefused": (
        [{REPORTS.format("refused"): [9, 9]}, {REPORTS.format("held"): [0, 1]}],
        [{REPORTS.format("refused"): [9, 10]}],
    ),
    "ChargeRelayReportsHeld": (
        [{REPORTS.format("held"): [0]}, {REPORTS.format("pending"): [1]}],
        [{REPORTS.format("held"): [1]}],
    ),
    "ChargeRelayReportsGivenUp": (
        [{REPORTS.format("given_up"): [9, 9]}],
        [{REPORTS.format("given_up"): [0, 1]}],
    ),
    "ChargeRelayFailedReportsWait": (
        [{'chargerelay_failed_reports_waiting{vendor="city"}': [0]}, {}],
        [{'chargerelay_failed_reports_waiting{vendor="city"}': [1]}],
    ),
    "ChargeRelayCallbacksRefused": (
        [{FORGED: [0, 2]}, {FORGED: [0, 3], CALLED: [0, 1]}, {STRANGE: [0, 9]}],
        [{FORGED: [0, 3]}, {FORGED: [0, 3], CALLED: [7, 7]}],
    ),
    "ChargeRelayProcessGone": ([{UP: [1]}, {'up{job="other"}': [0]}], [{UP: [0]}]),
    "ChargeRelayUnwatched": ([{SEEN: [0]}], [{}, {SEEN: [1, *([None] * 10)]}]),
    "ChargeRelayScrapeFailing": ([{SEEN: [1]}], [{SEEN: [0]}]),
    "ChargeRelayLeasesRunOut": (
        [{"chargerelay_leases_ran_out_total{}": [0, 9, 9, 12, 12]}],
        [{"chargerelay_leases_ran_out_total{}": [0, 9, 12, 13, 13]}],
    ),
    "ChargeRelayDiskNearlyFull": ([{FREE: [11], DISK: [100]}], [{FREE: [9], DISK: [100]}]),
}


@pytest.fixture
def scraped(sqlite_url: str, valkey_url: str, tmp_path: Path) -> dict[str, set[str]]:
    """The labels of every sample that a worker exposes, by its name."""
    found: dict[str, set[str]] = {}
    with speaking(tmp_path, valkey_url, sqlite_url) as parts:
        for sample in samples(parts):
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def test_every_metric_and_label_of_a_rule_is_in_a_scrape(scraped: dict[str, set[str]]) -> None:
    known = scraped | OF_PROMETHEUS
    for alert, rule in RULES.items():
        tree = promql_parser.parse(rule["expr"])
        for selector in selectors(tree):
            assert selector.name in known, alert
            named = {matcher.name for matcher in selector.matchers.matchers}
            assert named <= known[selector.name] | OF_TARGET, alert
        for labels, node in grouped(tree):
            for selector in selectors(node):
                assert labels <= known[selector.name] | OF_TARGET, (alert, selector.name)


def test_every_label_that_a_text_shows_is_left_by_the_expression() -> None:
    for alert, rule in RULES.items():
        text = " ".join(rule["annotations"].values())
        shown = set(re.findall(r"\$labels\.(\w+)", text))
        tree = promql_parser.parse(rule["expr"])
        while isinstance(tree, BinaryExpr):
            tree = tree.lhs
        left = OF_TARGET
        if isinstance(tree, AggregateExpr):
            left = set(tree.modifier.labels) if tree.modifier else set()
        assert shown <= left, alert


@pytest.mark.parametrize("alert", RULES)
def test_an_alert_fires_when_it_should_and_is_calm_otherwise(alert: str) -> None:
    calm, firing = CASES[alert]
    for given in calm:
        assert Series(given).evaluate(RULES[alert]["expr"]) == {}, given
    for given in firing:
        assert Series(given).evaluate(RULES[alert]["expr"]), given


def test_every_alert_is_said_in_words_and_leads_to_its_section() -> None:
    for alert, rule in RULES.items():
        assert set(rule["annotations"]) == {"summary", "description", "runbook_url"}
        assert rule["annotations"]["runbook_url"] == f"docs/alerts.md#{alert.lower()}"
        assert rule["labels"]["severity"] in ("page", "ticket")
    assert re.findall(r"^## (\w+)$", ALERTS, re.MULTILINE) == list(RULES)
    for section in re.split(r"^## ", ALERTS, flags=re.MULTILINE)[1:]:
        assert re.findall(r"^\*\*(\w+)\*\*: ", section, re.MULTILINE) == ["Means", "Look", "Do"]


def test_the_commands_of_the_page_are_there() -> None:
    commands = get_command(app).commands  # type: ignore[attr-defined]
    found = re.findall(r"`chargerelay ([\w-]+)([^`]*)`", ALERTS)
    assert len(found) > 20
    for name, rest in found:
        options = {option for given in commands[name].params for option in given.opts}
        assert set(re.findall(r"--[\w-]+", rest)) <= options, (name, rest)
    settings = re.findall(r"`(RELAY_\w+)", ALERTS + METRICS)
    assert {name.removeprefix("RELAY_").lower() for name in settings} <= set(Settings.model_fields)


def test_the_page_of_metrics_names_them_all_with_their_labels(
    scraped: dict[str, set[str]],
) -> None:
    rows = re.findall(r"^\| `(chargerelay_\w+)` \|([^|]*)\|", METRICS, re.MULTILINE)
    documented = {name: set(re.findall(r"`(\w+)`", labels)) for name, labels in rows}
    ours = {}
    for name, labels in scraped.items():
        if name.startswith("chargerelay_") and not name.endswith(("_sum", "_count")):
            ours[name.removesuffix("_bucket")] = labels - {"le"}
    assert documented == ours
