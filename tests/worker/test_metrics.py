"""What a process counts of its own work."""

import socket
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Engine

from config.settings import Settings
from tests.worker.desk import CITY, RECORD, STATUS, Desk
from tests.worker.given import record, status, warning
from tests.worker.rows import set_reports
from tests.worker.talker import BROKEN, Line
from tests.worker.test_courier import Open, opened, rings  # noqa: F401 fixtures
from tests.worker.test_delivery import Lane
from tests.worker.test_exchange import Server, server  # noqa: F401 a fixture
from worker import metrics
from worker.deployment import NotReady
from worker.embedded.run import Relay
from worker.exposition import Exposition
from worker.journal.accept import Unread


@pytest.fixture
def desk(engine: Engine) -> Desk:
    return Desk(engine)


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def now(name: str, **labels: str) -> float:
    return metrics.REGISTRY.get_sample_value(f"chargerelay_{name}", labels) or 0.0


def more(name: str, **labels: str) -> Callable[[], float]:
    """By how much a number has grown since."""
    before = now(name, **labels)
    return lambda: now(name, **labels) - before


def test_an_attempt_is_counted_by_its_outcome_and_timed(desk: Desk) -> None:
    of = {"vendor": CITY, "kind": RECORD.value}
    accepted = more("attempts_total", **of, outcome="accepted")
    unclear = more("attempts_total", **of, outcome="try-later")
    timed, long = (more("attempt_duration_seconds_bucket", **of, le=le) for le in ("+Inf", "60.0"))
    desk.accept(*(record(n) for n in range(3)))
    Lane(desk, Line()).drain()
    desk.accept(record(9))
    Lane(desk, Line(BROKEN)).drain()
    assert (accepted(), unclear(), timed(), long()) == (3, 1, 4, 4)


def test_a_batch_is_counted_with_what_was_found_in_it() -> None:
    of = {"queue": STATUS.value}
    events = [more("intake_events_total", **of, result=result) for result in metrics.RESULTS]
    items, superseded = more("intake_items_total", **of), more("reports_superseded_total")
    small = more("intake_batch_items_bucket", **of, le="20.0")
    queue = metrics.OfQueue(STATUS.value)
    queue.batch(20, 10, 4, 3, 2, superseded=5)
    queue.batch(21, 21, 0, 0, 0, superseded=0)
    assert [count() for count in events] == [31, 4, 3, 2]
    assert (items(), superseded(), small()) == (41, 5, 1)


def test_the_intake_says_what_was_superseded(desk: Desk) -> None:
    assert desk.accept(status(second=5), queue=STATUS).superseded == 0
    assert desk.accept(status(second=6), status("C-2"), queue=STATUS).superseded == 1
    overtaken = desk.accept(status(second=1), status("C-2", 1), status("C-2", 2), queue=STATUS)
    assert overtaken.superseded == 3
    nothing = desk.accept(record(), warning(), unread=[Unread("bad", b"", 0)])
    assert nothing.superseded == 0


def test_leases_that_ran_out_are_counted(desk: Desk, opened: Open) -> None:  # noqa: F811
    ran_out = more("leases_ran_out_total")
    desk.accept(*(record(n) for n in range(3)))
    desk.claim(RECORD)
    set_reports(desk.engine, {}, lease_until=desk.now - timedelta(seconds=1))
    opened(1).sweep()
    assert ran_out() == 3


def test_the_page_can_be_read_until_it_is_stopped(port: int) -> None:
    page = Exposition("127.0.0.1", port)
    page.start()
    answer = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=5)
    families = {family.name for family in text_string_to_metric_families(answer.text)}
    assert {"chargerelay_leases_ran_out", "process_resident_memory_bytes"} <= families
    second = Exposition("127.0.0.1", port)
    with pytest.raises(NotReady, match="set RELAY_METRICS_PORT to another port"):
        second.start()
    page.stop()
    second.start()
    second.stop()


def test_what_up_starts_has_a_port_each(tmp_path: Path) -> None:
    given = Settings(_env_file=None, data_dir=tmp_path, vendors_file=tmp_path / "vendors.toml")
    for first, ports in ((9464, ["9464", "9465", "9466"]), (0, ["0", "0", "0"])):
        up = Relay(given.model_copy(update={"metrics_port": first}))
        assert [up._environment(n)["RELAY_METRICS_PORT"] for n in range(3)] == ports


def test_nothing_is_served_unless_a_port_is_set() -> None:
    page = Exposition("127.0.0.1", 0)
    page.start()
    assert page._serving is None
    page.stop()
