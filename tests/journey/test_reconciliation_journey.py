"""A day at a vendor that lost some of it: named, told again, and there once."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from tests.journey.relay import Relay, record, until
from tests.sandbox.callers import Control
from worker.fields import SHANGHAI
from worker.journal import tables
from worker.journal.audit import audit
from worker.journal.callback_tables import callback
from worker.journal.reconciliation_tables import reconciliation

DAY = "2026-11-20"
TOKEN = "a-token-of-some-length"
CLOUD = {
    "system": "wanzhuang",
    "app_id": "app-1",
    "app_secret": "sandbox-secret",
    "sign_scheme": "md5_sorted_key",
    "operator_id": "395815801",
    "callback_token": TOKEN,
}


def seq(number: int) -> str:
    return f"395815801{number:018d}"


def told(number: int) -> dict[str, object]:
    return record(number, startChargeSeq=seq(number))


def listed(relay: Relay, *arguments: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(relay.run(*arguments, "--limit", "0", "--json").stdout)
    return rows


def expected_there(relay: Relay) -> bool:
    """Whether the last report was accepted so long ago that the vendor should have it."""
    settled_at = tables.report.c.settled_at
    ((last,),) = relay.rows(select(settled_at).order_by(settled_at.desc()).limit(1))
    after_s = float(relay.environment["RELAY_LOOK_UP_AFTER_S"])
    return bool(datetime.now(UTC) - last > timedelta(seconds=after_s))


def times_there(city: Control) -> dict[str, int]:
    """How often the vendor has been told each record."""
    counts: dict[str, int] = {}
    for item in city.call("GET", "received?limit=0").json()["items"]:
        counts[item["key"]] = counts.get(item["key"], 0) + 1
    return counts


def test_what_the_vendor_lost_is_named_told_again_and_there_once(
    only: Callable[..., Relay], city: Control
) -> None:
    relay = only("city-platform")
    relay.start_worker()
    relay.start_beat()
    relay.publish("charge-record", *(told(number) for number in range(650)))
    until(lambda: relay.count("event") == 650, "all are journalled")
    relay.settle()
    lost = [7, 8, 99, 300, 649]
    forgotten = city.call(
        "POST", "forget-records", json={"startChargeSeqs": [seq(number) for number in lost]}
    )
    assert forgotten.json() == {"forgotten": 5}
    city.call(
        "POST", "change-record", json={"startChargeSeq": seq(12), "fields": {"totalPower": 99.5}}
    )

    until(lambda: expected_there(relay), "all are expected at the vendor")
    ended = relay.run("reconcile", "city-platform", "--day", DAY)
    assert ended.returncode == 0, ended.stderr
    assert "5 missing, 1 differing, 0 unknown" in ended.stdout
    (row,) = listed(relay, "reconciliations")
    assert (row["ours"], row["theirs"], row["state"]) == (650, 645, "complete")
    assert (row["ours_kwh"], row["ours_yuan"]) == ("7995.00", "9750.00")
    of = ("differences", "--reconciliation", str(row["id"]))
    missing = listed(relay, *of, "--what", "missing")
    assert sorted(one["subject"] for one in missing) == [f"ORDER-{number:06d}" for number in lost]
    (differing,) = listed(relay, *of, "--what", "differing")
    assert (differing["ours"]["kwh"], differing["theirs"]["kwh"]) == ("12.30", "99.50")

    replayed = relay.run(*of, "--replay")
    assert "replayed: 5 reports; the vendor itself says" in replayed.stdout, replayed.stderr
    assert "nothing is replayed" in relay.run(*of, "--replay").stdout
    relay.settle()
    expected = {seq(number): 2 if number in lost else 1 for number in range(650)}
    assert times_there(city) == expected, "the lost ones again, and no other"
    assert city.counters()["repeated_items"] == 0
    assert relay.rows(select(audit.c.act)) == [("differences --replay",)]

    until(lambda: expected_there(relay), "all are expected at the vendor")
    again = relay.run("reconcile", "city-platform", "--day", DAY)
    assert "0 missing, 1 differing, 0 unknown" in again.stdout
    assert relay.rows(select(reconciliation.c.missing)) == [(5,), (0,)]


def test_an_end_of_a_charge_that_was_lost_on_its_way_is_taken_in_once(
    relay: Relay, played: str
) -> None:
    cloud = Control(played, "pile-cloud")
    cloud.clean()
    relay.write_vendors({"cloud": CLOUD | {"base_url": f"{played}/pile-cloud"}})
    relay.run("migrate")
    address = relay.start_callbacks()
    cloud.call("POST", "callback-url", json={"url": f"{address}/callbacks/cloud?token={TOKEN}"})
    cloud.call("POST", "withheld", json={"callbacks": ["finish_order"]})
    relay.start_worker()
    relay.start_beat()
    port = ("-a", "deviceNum=18000001", "-a", "devicePort=1", "-a", "chargeId=1751254762038")
    began = relay.run(
        "call", "cloud", "start-charge", *port, "-a", "chargeMode=0", "-a", "totalFee=100"
    )
    assert began.returncode == 0, began.stdout + began.stderr
    assert relay.run("call", "cloud", "stop-charge", *port).returncode == 0
    heard = select(callback.c.name, callback.c.received_at)
    until(lambda: relay.rows(heard), "the beginning is heard")
    ((name, heard_at),) = relay.rows(heard)
    assert name == "start-power"

    day = f"{heard_at.astimezone(SHANGHAI):%Y-%m-%d}"
    ended = relay.run("reconcile", "cloud", "--day", day)
    assert "0 missing, 0 differing, 1 unknown" in ended.stdout, ended.stderr
    of = ("differences", "--reconciliation", "1", "--replay")
    assert "would be taken in: 1 call" in relay.run(*of, "--dry-run").stdout
    assert "taken in: 1 call, as if the vendor had called" in relay.run(*of).stdout
    record = select(tables.event.c.subject).where(tables.event.c.kind == "charge-record")
    until(lambda: relay.rows(record), "the record is journalled")
    assert "nothing is replayed" in relay.run(*of).stdout
    assert "0 unknown" in relay.run("reconcile", "cloud", "--day", day).stdout
    assert relay.rows(record) == [("1751254762038",)]
    cloud.clean()
