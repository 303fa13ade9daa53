"""What is put on a queue, by whomever and in whatever form, ends in the journal once."""

import pickle
import signal
import sys
import threading
from pathlib import Path

import pytest
from kombu import Connection, Exchange, Producer
from kombu.entity import Queue
from redis import Redis
from sqlalchemy import select

from tests.journey.conftest import GARAGE
from tests.journey.outage import away
from tests.journey.relay import Relay, record, status, until
from tests.sandbox.callers import Control
from worker.journal import tables


def test_a_record_published_five_times_by_concurrent_producers_reaches_the_vendor_once(
    relay: Relay, garage: Control
) -> None:
    relay.start_worker("one")
    relay.start_worker("two")
    relay.start_beat()
    records = [record(number) for number in range(300)]
    producers = [
        threading.Thread(target=relay.publish, args=("charge-record", *records)) for _ in range(5)
    ]
    for producer in producers:
        producer.start()
    for producer in producers:
        producer.join()
    until(lambda: relay.count("event") == 300, "all are journalled")
    relay.settle()

    counters = garage.counters()
    assert counters["accepted_items"] == 300
    assert counters["repeated_items"] == 0
    duplicates = relay.rows(select(tables.event.c.duplicates))
    assert sum(row[0] for row in duplicates) == 4 * 300
    assert relay.states("mall-garage") == {"accepted": 300}


def test_the_same_order_with_other_content_is_a_conflict_and_is_not_pushed(
    relay: Relay, garage: Control
) -> None:
    relay.start_worker()
    relay.publish("charge-record", record(1, totalMoney="15.00"))
    relay.publish("charge-record", record(1, totalMoney=15), record(1, totalMoney="15.0"))
    relay.publish("charge-record", record(1, totalMoney="99.00"))
    until(lambda: relay.count("conflict") == 1, "the conflict is kept")
    relay.settle()

    received = garage.call("GET", "received").json()["items"]
    assert [item["body"]["totalMoney"] for item in received] == ["15.00"]
    assert relay.rows(select(tables.event.c.duplicates)) == [(2,)]
    shown = relay.run("conflicts", "--json")
    assert "99.00" in shown.stdout


def test_what_cannot_be_read_is_kept_as_a_reject_and_the_good_events_arrive(
    relay: Relay, garage: Control
) -> None:
    without_order = record(7)
    del without_order["orderNo"]
    bad = [
        b"\x80\xff\x00random\xfe",
        b"42",
        pickle.dumps(["tasks.charge_record", {"a": 1}]),
        b'"' + b"x" * 5_000_000 + b'"',
        without_order,
        b"[" * 100_000,
        b'{"orderNo": "\\ud800", "nul": "\\u0000"}',
        b"",
    ]
    relay.publish("charge-record", record(1), *bad, record(2), [record(3), {"orderNo": "4"}])
    worker = relay.start_worker()
    until(lambda: relay.count("event") == 3, "the good ones are journalled")
    relay.settle()

    assert sorted(garage.keys()) == ["ORDER-000001", "ORDER-000002", "ORDER-000003"]
    reasons = [row[0] for row in relay.rows(select(tables.reject.c.reason))]
    assert len(reasons) == len(bad) + 1
    assert any("orderNo: Field required" in reason for reason in reasons)
    assert any("5000002 bytes" in reason for reason in reasons)
    assert "orderNo" in relay.run("rejects", "--json").stdout
    assert worker.poll() is None


def test_all_four_forms_of_an_item_are_read(relay: Relay, garage: Control) -> None:
    relay.start_worker()
    relay.publish("charge-record", record(1), [record(2), record(3)])
    url = relay.environment["RELAY_BROKER_URL"]
    with Connection(url, transport_options={"priority_steps": [0]}) as connection:
        queue = Queue("charge-record", Exchange(""), routing_key="charge-record")
        with connection.Producer(serializer="json") as producer:
            assert isinstance(producer, Producer)
            producer.publish(record(4), routing_key="charge-record", declare=[queue], exchange="")
            producer.publish([record(5)], routing_key="charge-record", exchange="")
    code = (
        "from tasks.events import charge_record\n"
        f"charge_record.delay({record(6)!r})\n"
        f"charge_record.delay(events=[{record(7)!r}, {record(8)!r}])\n"
        f"charge_record.delay(event={record(9)!r})\n"
    )
    assert relay.start(sys.executable, "-c", code, log="producer").wait() == 0, relay.log(
        "producer"
    )
    until(lambda: relay.count("event") == 9, "all nine are journalled")
    relay.settle()

    assert relay.count("reject") == 0
    assert len(garage.keys()) == 9


def test_a_worker_killed_with_a_batch_in_hand_loses_nothing(relay: Relay, garage: Control) -> None:
    first = relay.start_worker("one")
    relay.publish("charge-record", *(record(number) for number in range(2000)))
    until(lambda: relay.count("event") > 0, "some are journalled")
    relay.stop(first, signal.SIGKILL)
    relay.start_worker("two")
    relay.start_beat()
    until(lambda: relay.count("event") == 2000, "all are journalled")
    relay.settle()

    counters = garage.counters()
    unclear = relay.rows(
        select(tables.report.c.id).where(tables.report.c.reason.contains("fell silent"))
    )
    assert counters["accepted_items"] == 2000
    assert counters["repeated_items"] <= len(unclear) + 16
    assert set(relay.states()) == {"accepted"}


def test_what_a_dead_worker_held_is_adopted(relay: Relay, redis: Redis, garage: Control) -> None:
    """A batch taken, but not yet journalled: in the processing list of a worker that is gone."""
    redis.sadd("relay:intake:workers", "gone@test")
    redis.rpush("charge-record:processing:gone@test", b'{"garbage": 1}')
    relay.publish("charge-record", record(1))
    redis.lmove("charge-record", "charge-record:processing:gone@test", "RIGHT", "RIGHT")
    relay.start_worker()
    until(lambda: relay.count("event") == 1, "the batch is adopted")
    until(lambda: not redis.exists("charge-record:processing:gone@test"), "its list is gone")
    relay.settle()

    assert garage.keys() == ["ORDER-000001"]
    assert relay.count("reject") == 1
    until(lambda: not redis.sismember("relay:intake:workers", "gone@test"), "it is forgotten")


@pytest.mark.parametrize(("sign", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 1)])
def test_a_worker_told_to_stop_under_load_ends_cleanly_and_loses_nothing(
    relay: Relay, garage: Control, sign: signal.Signals, code: int
) -> None:
    """Celery answers SIGINT as SIGTERM, but ends with 1."""
    garage.fault("latency", ms=20)
    worker = relay.start_worker()
    relay.publish("charge-record", *(record(number) for number in range(500)))
    until(lambda: garage.counters()["accepted_items"] > 20, "delivery is under way")
    assert relay.stop(worker, sign) == code
    assert relay.states("mall-garage").get("sending", 0) == 0
    garage.call("DELETE", "faults")
    relay.start_worker("two")
    relay.start_beat()
    relay.settle()

    counters = garage.counters()
    assert counters["accepted_items"] == 500
    assert counters["repeated_items"] == 0


def test_while_the_journal_is_away_the_queue_waits_and_nothing_is_lost(
    tmp_path: Path,
    valkey_url: str,
    postgres_server: str,
    postgres_url: str,
    played: str,
    garage: Control,
) -> None:
    vendors = {"mall-garage": {**GARAGE, "base_url": f"{played}/mall-garage"}}
    relay = Relay(tmp_path, valkey_url, postgres_url, vendors)
    try:
        relay.start_worker()
        relay.start_beat()
        relay.publish("charge-record", record(0))
        until(lambda: relay.count("event") == 1, "the relay works")
        with away(postgres_server, postgres_url):
            relay.publish("charge-record", *(record(number) for number in range(1, 3000)))
            until(lambda: "the journal does not answer" in relay.log(), "the worker has noticed")
            assert relay.redis.llen("charge-record") >= 2000
        until(lambda: relay.count("event") == 3000, "all are journalled")
        relay.settle()
        assert garage.counters()["accepted_items"] == 3000
    finally:
        relay.close()


def test_a_status_from_the_future_is_a_reject(relay: Relay) -> None:
    relay.start_worker()
    relay.publish("connector-status", status(1, 0, updateTime="2098-01-01 00:00:00"), status(1, 1))
    until(lambda: relay.count("event") == 1, "the good one is journalled")
    until(lambda: relay.count("reject") == 1, "the other is kept")
    relay.settle()
    assert relay.states("city-platform") == {"accepted": 1}
