import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric

from config.settings import Settings
from worker import exposition
from worker.deployment import Deployment
from worker.gauges import Gauges

WITHIN_S = 0.2


@pytest.fixture
def stuck() -> Iterator[threading.Event]:
    """What a part waits for that does not answer."""
    event = threading.Event()
    yield event
    event.set()


def well() -> Sequence[Metric]:
    return [GaugeMetricFamily("items", "How many.", value=3)]


def broken() -> Sequence[Metric]:
    raise ConnectionError("the server has gone away")


def registry(**parts: object) -> CollectorRegistry:
    made = CollectorRegistry()
    made.register(Gauges(parts, within_s=WITHIN_S))  # type: ignore[arg-type]
    return made


def success(of: CollectorRegistry, part: str) -> float | None:
    return of.get_sample_value("chargerelay_scrape_success", {"part": part})


def test_each_part_says_that_it_could_be_looked_at() -> None:
    scraped = registry(queues=well)
    assert scraped.get_sample_value("items") == 3
    assert success(scraped, "queues") == 1
    took_s = scraped.get_sample_value("chargerelay_scrape_duration_seconds", {"part": "queues"})
    assert took_s is not None
    assert took_s < WITHIN_S


def test_a_part_that_fails_says_so_and_takes_no_other_with_it() -> None:
    scraped = registry(journal=broken, queues=well)
    assert (success(scraped, "journal"), success(scraped, "queues")) == (0, 1)
    assert scraped.get_sample_value("items") == 3


def test_a_part_that_hangs_is_left_and_not_asked_again_until_it_has_ended(
    stuck: threading.Event,
) -> None:
    asked = []

    def hangs() -> Sequence[Metric]:
        asked.append(1)
        stuck.wait(30)
        return well()

    scraped = registry(journal=hangs)
    began = time.monotonic()
    assert success(scraped, "journal") == 0
    assert success(scraped, "journal") == 0
    assert time.monotonic() - began < 10 * WITHIN_S
    assert asked == [1]
    stuck.set()
    assert success(scraped, "journal") == 1
    assert asked == [1, 1]


def test_a_deployment_of_which_nothing_answers_is_told_as_such(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, broker_url="redis://127.0.0.1:1/0", data_dir=tmp_path)
    parts = Deployment(settings)
    scraped = CollectorRegistry()
    scraped.register(exposition.gauges(parts))
    assert (success(scraped, "journal"), success(scraped, "broker")) == (0, 0)
    parts.redis.close()
    parts.engine.dispose()
