"""A status that failed after it was accepted goes out again alone, under the platform's id."""

import json
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from requests.auth import AuthBase
from sqlalchemy import Engine

from config.settings import Settings
from tests.worker.desk import CITY, POLICIES, RECORD, STATUS, Desk, Steady
from tests.worker.failing import fates, handle, keep, report
from tests.worker.given import record, status
from tests.worker.vendors.city import SETTINGS as OF_CITY
from tests.worker.vendors.city import minus, success
from tests.worker.vendors.scripted import make
from worker.breaker import Breaker
from worker.callback import Heard
from worker.delivery import Delivery
from worker.events import Kind
from worker.exchange import Answer
from worker.journal import failures, refresh, replay, tables
from worker.journal.listings import Filters
from worker.pace import Pace
from worker.sender import Sender
from worker.telling import Teller
from worker.vendors.charging_station.callbacks import CALLBACKS

ONE, MANY = "/platform/report/chargingMetaInfo", "/platform/report/chargingMetaInfoList"
AGAIN = "/platform/report/failed/chargingMetaInfo"
RECORD_PATH = "/platform/management/chargingRecord"
SETTINGS = Settings(_env_file=None, burst_tries=1)


class Platform:
    """Has the shape of Http: takes what it is told, and shows the records that it has."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Any]] = []
        self.records: list[Mapping[str, object]] = []
        self.answers: list[Answer] = []

    def send(self, request: requests.Request, auth: AuthBase | None = None, **_: object) -> Answer:
        request.auth = auth
        prepared = request.prepare()
        path = urlsplit(str(prepared.url)).path
        if path.endswith("/operatorAPIToken"):
            return success("8d3c9a")
        if prepared.method == "GET":
            return success({"list": self.records, "total": len(self.records)})
        self.told.append((path, json.loads(prepared.body or b"")))
        return self.answers.pop(0) if self.answers else success()


class City:
    """The system, its platform and its lanes over one journal."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.platform = desk, Platform()
        self.system = make("charging_station", OF_CITY, desk.clock)
        self.takes = {(CITY, kind): takes for kind, takes in self.system.takes.items()}

    def deliver(self, kind: Kind = STATUS) -> list[tuple[str, Any]]:
        """Drain the lane; returns what the platform was told by it."""
        before = len(self.platform.told)
        with ThreadPoolExecutor(1) as pool:
            self._delivery(kind, pool).drain()
        return self.platform.told[before:]

    def calls(self, body: object, request_id: str = "R-1", times: int = 1) -> int:
        """The platform tells that it could not process this; handled by the clock at once."""
        item = {
            "requestAPI": ONE,
            "requestParam": None,
            "requestBody": body,
            "requestId": request_id,
            "requestFailureCount": times,
        }
        callback = CALLBACKS["report-failure"]
        told = callback.arguments.model_validate({"status": 500, "message": "忙", "data": item})
        heard = Heard(self.desk.now, lambda _name, _subject: None)
        keep(self.desk, callback.take(self.system, told, heard))
        return handle(self.desk, self.takes)

    def _delivery(self, kind: Kind, pool: ThreadPoolExecutor) -> Delivery:
        breaker = Breaker(self.desk.engine, CITY, SETTINGS, lambda: 0.0)
        stopping = threading.Event()
        return Delivery(
            self.desk.engine,
            CITY,
            POLICIES[kind],
            self._teller(kind, breaker, stopping),
            breaker,
            pool,
            owner="me",
            pack_size=self.system.takes[kind].pack,
            concurrency=1,
            lease_s=90,
            on_unclear=self.system.unclear_rule(kind),
            clock=self.desk.clock,
            stopping=stopping,
        )

    def _teller(self, kind: Kind, breaker: Breaker, stopping: threading.Event) -> Teller:
        line: Any = self.platform
        pace, clock = Pace(None, clock=lambda: 0.0, sleep=lambda _: None), self.desk.clock
        return Teller(
            Sender(self.system, line, pace, clock=clock, keep_bytes=100),
            POLICIES[kind],
            breaker,
            SETTINGS,
            pack_size=self.system.takes[kind].pack,
            all_or_nothing=self.system.takes[kind].all_or_nothing,
            timeout_s=10,
            unclear_wait_s=0,
            clock=clock,
            stopping=stopping,
            dice=Steady(),
        )


@pytest.fixture
def desk(engine: Engine) -> Desk:
    return Desk(engine)


@pytest.fixture
def city(desk: Desk) -> City:
    return City(desk)


def named(item: Mapping[str, object], request_id: str) -> dict[str, object]:
    """What the platform sends back: the item, with its own id filled in."""
    return {**item, "chargingMetaInfoId": request_id}


def test_of_twelve_in_one_list_the_one_that_failed_is_told_again_alone(
    desk: Desk, city: City
) -> None:
    desk.accept(*(status(f"C-{n}") for n in range(12)))
    ((path, items),) = city.deliver()
    assert (path, len(items)) == (MANY, 12)
    back = [named(item, f"R-{n}") for n, item in enumerate(items)]
    assert city.calls(back, "R-5") == 1
    desk.accept(*(status(f"D-{n}") for n in range(3)))
    again, rest = sorted(city.deliver(), key=lambda told: told[0] != AGAIN)
    assert again == (AGAIN, back[5])
    assert (rest[0], [item["cellId"] for item in rest[1]]) == (MANY, ["D-0", "D-1", "D-2"])
    assert {item["chargingMetaInfoId"] for item in rest[1]} == {None}
    assert set(desk.states().values()) == {"accepted"}
    assert {row.vendor_ref for row in desk.all(tables.report)} == {None}


def test_two_that_failed_are_told_again_each_alone_under_its_own_id(desk: Desk, city: City) -> None:
    desk.accept(status("C-1"), status("C-2"))
    ((_, items),) = city.deliver()
    for number, item in enumerate(items):
        city.calls(named(item, f"R-{number}"), f"R-{number}")
    told = city.deliver()
    assert [path for path, _ in told] == [AGAIN, AGAIN]
    assert {(i["cellId"], i["chargingMetaInfoId"]) for _, i in told} == {
        ("C-1", "R-0"),
        ("C-2", "R-1"),
    }


def test_a_re_report_goes_under_the_id_until_it_is_taken_and_then_as_a_first_one(
    desk: Desk, city: City
) -> None:
    desk.accept(status())
    ((_, item),) = city.deliver()
    city.calls(named(item, "R-1"))
    city.platform.answers = [minus("系统繁忙")]
    assert city.deliver() == [(AGAIN, named(item, "R-1"))]
    desk.forward(5)
    assert city.deliver() == [(AGAIN, named(item, "R-1"))]
    desk.forward(301)
    refresh.refresh(desk.engine, {CITY: 300}, POLICIES[STATUS], desk.now)
    assert city.deliver() == [(ONE, item)]
    assert item["chargingMetaInfoId"] is None


def test_the_platform_is_asked_twice_again_and_not_a_third_time(desk: Desk, city: City) -> None:
    desk.accept(status())
    ((_, item),) = city.deliver()
    for times in (1, 2, 3):
        city.calls(named(item, "R-1"), times=times)
        city.deliver()
    assert [path for path, _ in city.platform.told] == [ONE, AGAIN, AGAIN]
    assert (report(desk).state, report(desk).reason) == (
        "given_up",
        "given up after 3 failures: 500 忙",
    )
    replay.replay(desk.engine, Filters(), POLICIES, desk.now, again=False, per_s=1)
    assert city.deliver() == [(ONE, item)]


def test_nothing_old_goes_out_after_something_newer(desk: Desk, city: City) -> None:
    desk.accept(status(second=1))
    ((_, old),) = city.deliver()
    city.calls(named(old, "R-1"))
    desk.accept(status(second=2, status=1))
    ((path, new),) = city.deliver()
    assert (path, new["cellStatus"], new["chargingMetaInfoId"]) == (ONE, 1, None)
    city.calls(named(old, "R-1"), times=2)
    assert city.deliver() == []
    assert fates(desk) == [failures.State.REPLAYED, failures.State.OVERTAKEN]


def test_a_refused_re_report_stands_where_a_person_sees_it(desk: Desk, city: City) -> None:
    desk.accept(status())
    ((_, item),) = city.deliver()
    city.calls(named(item, "R-1"))
    city.platform.answers = [minus("chargingMetaInfoId不存在")]
    assert len(city.deliver()) == 1
    assert report(desk).state == "refused"


@pytest.mark.parametrize("after", ["expiry", "refusal"])
def test_a_re_report_that_came_to_nothing_is_told_anew_as_a_first_report(
    desk: Desk, city: City, after: str
) -> None:
    """A server without the re-report call would otherwise never hear of the connector again."""
    desk.accept(status())
    ((_, item),) = city.deliver()
    city.calls(named(item, "R-1"))
    nowhere = minus("chargingMetaInfoId不存在") if after == "refusal" else Answer(404)
    city.platform.answers = [nowhere]
    assert city.deliver() == [(AGAIN, named(item, "R-1"))]
    if after == "refusal":
        replay.replay(desk.engine, Filters(), POLICIES, desk.now, again=False, per_s=1)
    else:
        desk.forward(901)
        desk.end_worth()
        desk.forward(301)
        refresh.refresh(desk.engine, {CITY: 300}, POLICIES[STATUS], desk.now)
    assert city.deliver() == [(ONE, item)]


@pytest.mark.parametrize("there", [True, False])
def test_a_record_that_failed_is_looked_up_and_told_again_only_if_it_is_not_there(
    desk: Desk, city: City, there: bool
) -> None:
    desk.accept(record())
    ((path, item),) = city.deliver(RECORD)
    assert path == RECORD_PATH
    city.platform.records = [item] if there else []
    assert city.calls(item) == 1
    assert fates(desk) == [failures.State.LOOKED_UP]
    assert city.deliver(RECORD) == []
    desk.forward(60)
    assert city.deliver(RECORD) == ([] if there else [(RECORD_PATH, item)])
    assert desk.states() == {1: "accepted"}
