"""What a worker exposes when every metric has something to say; what an expression asks of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client.samples import Sample
from promql_parser import AggregateExpr, BinaryExpr, Expr, VectorSelector

from config.settings import Settings
from tests.worker.given import NOON
from tests.worker.rows import put
from worker import exposition, metrics
from worker.broker import WORKERS
from worker.deployment import Deployment
from worker.journal import callback_tables as told

OF_TARGET = {"job", "instance"}
OF_PROMETHEUS = {"up": OF_TARGET, "ALERTS": {"alertname", "alertstate", "severity"}}
VENDORS = """
[vendors.city]
system = "charging_station"
base_url = "https://platform.example"
operator_id = "395815801"
secret = "not-a-secret"
risk_url = "https://platform.example/risk"
"""


@contextmanager
def speaking(folder: Path, broker_url: str, journal_url: str) -> Iterator[Deployment]:
    """A deployment in which every metric has something to say."""
    vendors = folder / "vendors.toml"
    vendors.write_text(VENDORS)
    settings = Settings(
        _env_file=None, broker_url=broker_url, journal_url=journal_url, vendors_file=vendors
    )
    made = Deployment(settings)
    made.redis.sadd(WORKERS, "one")
    failure = {"request_id": "1", "failures": 1, "vendor_code": "", "message": "", "api": ""}
    row = failure | {"vendor": "city", "received_at": NOON, "body": "", "state": "waiting"}
    put(made.engine, told.failed_report, **row)
    metrics.OfLane("city", "charge-record")
    metrics.OfQueue("charge-record")
    metrics.TOKENS_RENEWED.labels("city")
    metrics.CALLBACKS.labels("city", "cell-risk", "taken")
    metrics.CALLBACK_DURATION.labels("city", "cell-risk")
    try:
        yield made
    finally:
        made.redis.close()
        made.engine.dispose()


def samples(parts: Deployment) -> list[Sample]:
    """What a worker exposes."""
    page = exposition.of(parts, looks=True)
    return [sample for family in page._registry.collect() for sample in family.samples]


def selectors(node: Expr) -> Iterator[VectorSelector]:
    if isinstance(node, VectorSelector):
        yield node
    for name in ("lhs", "rhs", "expr", "vector_selector"):
        if (part := getattr(node, name, None)) is not None:
            yield from selectors(part)
    for part in getattr(node, "args", ()):
        yield from selectors(part)


def grouped(node: Expr) -> Iterator[tuple[set[str], Expr]]:
    """Each part that names labels to group or match by, with those names."""
    if isinstance(node, AggregateExpr) and node.modifier:
        yield set(node.modifier.labels), node
    if isinstance(node, BinaryExpr) and node.modifier and node.modifier.matching:
        yield set(node.modifier.matching.labels), node
    for name in ("lhs", "rhs", "expr"):
        if (part := getattr(node, name, None)) is not None:
            yield from grouped(part)
    for part in getattr(node, "args", ()):
        yield from grouped(part)
