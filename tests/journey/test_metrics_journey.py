import socket

import requests
from prometheus_client.parser import text_string_to_metric_families

from tests.journey.relay import CELERY, WORKER, Relay, record, until

Sample = tuple[str, frozenset[tuple[str, str]]]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def scrape(port: int) -> dict[Sample, float]:
    """Every sample of a page; nothing while nobody serves one."""
    try:
        text = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=10).text
    except requests.ConnectionError:
        return {}
    return {
        (sample.name.removeprefix("chargerelay_"), frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(port: int, name: str, **labels: str) -> float | None:
    return scrape(port).get((name, frozenset(labels.items())))


def test_what_happened_and_what_waits_can_be_scraped(relay: Relay) -> None:
    relay.run("migrate")
    worker, callbacks = free_port(), free_port()
    relay.start_worker(RELAY_METRICS_PORT=str(worker))
    gate = {"vendor": "mall-garage", "kind": "charge-record"}
    until(lambda: value(worker, "scrape_success", part="journal") == 1, "the journal is seen")
    relay.run("pause", "city-platform")

    relay.publish("charge-record", record(1), record(1), record(2), {"orderNo": "X"})
    until(
        lambda: value(worker, "attempts_total", outcome="accepted", **gate) == 2,
        "the attempts are counted",
    )
    until(
        lambda: (
            (
                value(
                    worker,
                    "report_oldest_due_seconds",
                    vendor="city-platform",
                    kind="charge-record",
                )
                or 0
            )
            > 0
        ),
        "a report of the paused vendor is late",
    )
    seen = scrape(worker)
    queue = ("queue", "charge-record")
    results = {
        word: seen["intake_events_total", frozenset({queue, ("result", word)})]
        for word in ("accepted", "duplicate", "conflict", "reject")
    }
    assert results == {"accepted": 2, "duplicate": 1, "conflict": 0, "reject": 1}
    assert seen["intake_items_total", frozenset({queue})] == 4
    assert seen["attempt_duration_seconds_count", frozenset(gate.items())] == 2
    assert seen["rejects_kept", frozenset({queue})] == 1
    assert seen["vendor_paused_seconds", frozenset({("vendor", "city-platform")})] > 0
    assert seen["worker_alive", frozenset({("worker", "one@test")})] == 1
    assert seen["journal_size_bytes", frozenset()] > 0
    words = {part for name, labels in seen for part in (name, *(v for _, v in labels))}
    assert not any("ORDER-" in word or "沪" in word for word in words)

    # One that does not consume the clock's queue counts, and leaves it to others to look.
    only, deliver = free_port(), ("-n", "two@test", "-Q", "relay.deliver")
    relay.start(*CELERY, *WORKER, *deliver, log="two", RELAY_METRICS_PORT=str(only))
    until(lambda: value(only, "leases_ran_out_total") == 0, "the second worker counts")
    assert value(only, "scrape_success", part="journal") is None

    relay.environment["RELAY_METRICS_PORT"] = str(callbacks)
    relay.start_callbacks()
    waits = {"vendor": "city-platform", "kind": "charge-record", "state": "pending"}
    assert value(callbacks, "reports", **waits) == 2


def test_of_two_processes_one_port_is_refused_to_the_second(relay: Relay) -> None:
    relay.run("migrate")
    port = free_port()
    relay.environment["RELAY_METRICS_PORT"] = str(port)
    relay.start_callbacks()
    second = relay.start_worker("two")
    assert second.wait(60) != 0
    assert "set RELAY_METRICS_PORT to another port" in relay.log("two")
    third = relay.run_alone("callbacks")
    assert third.returncode != 0
    assert "set RELAY_METRICS_PORT to another port" in third.stderr
