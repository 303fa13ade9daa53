"""The dashboard shows metrics that there are, and all; what Grafana is given is in its place."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from tests.promql import Series
from tests.scraping import OF_PROMETHEUS, OF_TARGET, grouped, samples, selectors, speaking

ROOT = Path(__file__).parents[1]
GRAFANA = ROOT / "config" / "grafana"
BOARD: dict[str, Any] = json.loads((GRAFANA / "dashboards" / "chargerelay.json").read_text("utf-8"))
PANELS: list[dict[str, Any]] = [panel for panel in BOARD["panels"] if panel["type"] != "row"]
METRICS = (ROOT / "docs" / "metrics.md").read_text("utf-8")
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
INSTANCE = 'job="chargerelay", instance="one:9464"'
# Quiet while all is well; and what Prometheus says itself.
SILENT = ("Processes gone", "Looks that failed")
BY_PROMETHEUS = {
    f"up{{{INSTANCE}}}": [1, 1],
    'ALERTS{alertname="A", alertstate="firing", severity="page"}': [1, 1],
}


def expressions() -> Iterator[tuple[str, str]]:
    """Each panel's title with each of its expressions, all vendors chosen."""
    for panel in PANELS:
        for target in panel["targets"]:
            yield panel["title"], target["expr"].replace("$vendor", ".*")


@pytest.fixture
def scrapes(sqlite_url: str, valkey_url: str, tmp_path: Path) -> dict[str, list[float]]:
    """Two scrapes of one worker; of the second everything that is counted has grown."""
    found = dict(BY_PROMETHEUS)
    with speaking(tmp_path, valkey_url, sqlite_url) as parts:
        for name, labels, value, *_ in samples(parts):
            counted = name.endswith(("_total", "_bucket", "_sum", "_count"))
            given = ", ".join([INSTANCE, *(f'{k}="{v}"' for k, v in labels.items())])
            found[f"{name}{{{given}}}"] = [value, value + 10 * counted]
    return found


def test_every_metric_and_label_of_a_panel_is_in_a_scrape(
    scrapes: dict[str, list[float]],
) -> None:
    known = dict(OF_PROMETHEUS)
    for text in scrapes:
        selector = promql_parser.parse(text)
        labels = {matcher.name for matcher in selector.matchers.matchers}
        known[selector.name] = known.get(selector.name, set()) | labels
    for title, expression in expressions():
        tree = promql_parser.parse(expression)
        for selector in selectors(tree):
            assert selector.name in known, title
            named = {matcher.name for matcher in selector.matchers.matchers}
            assert named <= known[selector.name] | OF_TARGET, title
        for labels, node in grouped(tree):
            for selector in selectors(node):
                assert labels <= known[selector.name] | OF_TARGET, (title, selector.name)


def test_every_panel_has_something_to_show(scrapes: dict[str, list[float]]) -> None:
    series = Series(scrapes)
    for title, expression in expressions():
        assert bool(series.evaluate(expression)) is (title not in SILENT), (title, expression)


def test_what_is_looked_at_is_never_added_up_over_the_processes_that_look() -> None:
    """The journal's numbers are the same from each."""
    looked_at = METRICS.partition("## Looked at")[2]
    gauges = set(re.findall(r"^\| `(chargerelay_\w+)`", looked_at, re.MULTILINE))
    for title, expression in expressions():
        for gauge in gauges - {"chargerelay_scrape_success", "chargerelay_scrape_duration_seconds"}:
            if re.search(rf"{gauge}\b", expression):
                assert re.search(rf"max( by \([\w, ]+\))? ?\({gauge}\b", expression), title


def test_every_metric_of_the_page_is_on_the_dashboard() -> None:
    shown = {
        re.sub(r"_(bucket|count|sum)$", "", selector.name)
        for _, expression in expressions()
        for selector in selectors(promql_parser.parse(expression))
    }
    assert set(re.findall(r"^\| `(chargerelay_\w+)` \|", METRICS, re.MULTILINE)) <= shown


def test_every_legend_names_labels_that_its_expression_leaves() -> None:
    for panel in PANELS:
        for target in panel["targets"]:
            shown = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
            tree = promql_parser.parse(target["expr"])
            by = [labels for labels, _ in grouped(tree)][:1] or [OF_TARGET]
            assert shown <= by[0] - {"le"}, (panel["title"], target["legendFormat"])


def test_panels_lie_side_by_side_and_each_says_what_it_shows() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in BOARD["panels"]:
        at = panel["gridPos"]
        cells = {(at["x"] + i, at["y"] + j) for i in range(at["w"]) for j in range(at["h"])}
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells
    assert all(panel["title"] and panel["description"] for panel in PANELS)
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(BOARD["panels"])


def test_what_grafana_is_given_is_where_compose_mounts_it() -> None:
    mounts = dict(
        volume.removesuffix(":ro").split(":")
        for volume in COMPOSE["services"]["grafana"]["volumes"]
        if volume.startswith("./")
    )
    assert mounts["./config/grafana/provisioning"] == "/etc/grafana/provisioning"
    (given,) = _provisioned("dashboards")["providers"]
    assert mounts["./config/grafana/dashboards"] == given["options"]["path"]
    (source,) = _provisioned("datasources")["datasources"]
    assert source["url"] == "http://prometheus:9090"
    assert "prometheus" in COMPOSE["services"]
    used = {panel["datasource"]["uid"] for panel in PANELS}
    used |= {target["datasource"]["uid"] for panel in PANELS for target in panel["targets"]}
    used |= {variable["datasource"]["uid"] for variable in BOARD["templating"]["list"]}
    assert used == {source["uid"]}
    config = COMPOSE["services"]["prometheus"]["command"][0].partition("=")[2]
    assert config == "/etc/prometheus/prometheus.yml"
    assert "./config/prometheus:/etc/prometheus:ro" in COMPOSE["services"]["prometheus"]["volumes"]


def _provisioned(kind: str) -> dict[str, Any]:
    (path,) = (GRAFANA / "provisioning" / kind).iterdir()
    content: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    return content
