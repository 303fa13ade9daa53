import json
from collections.abc import Callable

from sqlalchemy import select

from tests.journey.relay import Relay, status, until
from tests.sandbox.callers import Control
from worker.journal import callback_tables as told
from worker.journal import tables

AGAIN = "/platform/report/failed/chargingMetaInfo"
LIST = "/platform/report/chargingMetaInfoList"


def started(relay: Relay) -> Relay:
    relay.run("migrate")
    relay.start_callbacks()
    registered = relay.run("callbacks", "register", "city-platform")
    assert registered.returncode == 0, registered.stderr
    return relay


def listed(relay: Relay, *command: str) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = json.loads(relay.run(*command, "--json").stdout)
    return rows


def handled(relay: Relay) -> list[str]:
    query = select(told.failed_report.c.state).where(told.failed_report.c.state != "waiting")
    return [state for (state,) in relay.rows(query)]


def test_one_failing_status_of_a_list_of_twelve_is_reported_again_alone(
    only: Callable[..., Relay], city: Control
) -> None:
    relay = started(only("city-platform", refresh_s=0))
    city.call(
        "POST", "later-failures", json={"times": 1, "cells": ["C-007"], "message": "写入失败"}
    )
    relay.publish("connector-status", *(status(n, 30) for n in range(12)))
    relay.start_worker()
    relay.start_beat()
    until(lambda: handled(relay), "the failed report is handled")
    relay.settle()
    until(lambda: len(city.keys()) >= 12 + 3, "the re-report has arrived")  # + three addresses

    items = [i for i in city.call("GET", "received").json()["items"] if "report" in i["path"]]
    assert sorted(i["key"] for i in items if i["path"] == LIST) == [
        f"C-{n:03d}" for n in range(12) if n != 7
    ]
    (again,) = [i for i in items if i["path"] == AGAIN]
    (failed,) = listed(relay, "failed-reports")
    assert again["key"] == "C-007"
    assert failed["state"] == "replayed"
    assert failed["message"] == "写入失败"
    assert failed["request_id"] in json.dumps(again)

    (report,) = listed(relay, "reports", "--subject", "395815801/C-007")
    assert (report["id"], report["state"]) == (failed["report_id"], "accepted")
    attempts = listed(relay, "attempts", "--report", str(report["id"]))
    assert [str(a["url"]).partition("city-platform")[2] for a in attempts] == [AGAIN, LIST]
    assert failed["attempt_id"] == attempts[1]["id"]
    assert [a["reports"] for a in attempts] == [1, 12]


def test_what_fails_three_times_is_given_up_for_all_to_see(
    only: Callable[..., Relay], city: Control
) -> None:
    relay = started(only("city-platform", refresh_s=0))
    city.call("POST", "later-failures", json={"times": 9, "cells": ["C-001"]})
    relay.publish("connector-status", status(1, 30), status(2, 30))
    relay.start_worker()
    relay.start_beat()
    until(lambda: len(handled(relay)) == 3, "three failures are handled")

    (report,) = listed(relay, "reports", "--subject", "395815801/C-001")
    assert report["state"] == "given_up"
    assert "given up after 3 failures" in str(report["reason"])
    rows = listed(relay, "failed-reports", "--subject", "395815801/C-001")
    assert [(r["failures"], r["state"]) for r in rows] == [
        (3, "given-up"),
        (2, "replayed"),
        (1, "replayed"),
    ]
    urls = [url for (url,) in relay.rows(select(tables.attempt.c.url))]
    assert len([url for url in urls if url.endswith(AGAIN)]) == 2
