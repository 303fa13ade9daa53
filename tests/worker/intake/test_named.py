"""What a person has to look at is named in the log, by what it is found with."""

import json
import logging
import threading
from datetime import datetime
from typing import Any

import fakeredis
import pytest
from sqlalchemy import Engine

from tests.worker.desk import Desk
from tests.worker.given import NOON, RECORD
from worker.events import Event, Kind
from worker.intake.loop import MOST_NAMED, Loop
from worker.intake.read import Reader
from worker.intake.take import Taker
from worker.journal.accept import Accepted, Arrival, Unread

QUEUE = Kind.CHARGE_RECORD


class Seen:
    """Has the shape of Traces: keeps what it is told."""

    def __init__(self) -> None:
        self.batches: list[tuple[str, list[str], datetime, datetime]] = []

    def taken(self, queue: str, events: list[Event], began: datetime, ended: datetime) -> None:
        self.batches.append((queue, [event.subject for event in events], began, ended))

    def told(self, *_: object) -> None:
        raise AssertionError("nothing is told at the intake")


@pytest.fixture
def redis() -> fakeredis.FakeRedis:
    return fakeredis.FakeRedis()


@pytest.fixture
def traces() -> Seen:
    return Seen()


@pytest.fixture
def loop(engine: Engine, redis: fakeredis.FakeRedis, traces: Seen) -> Loop:
    desk = Desk(engine)

    def taker_of(worker: str) -> Taker:
        return Taker(redis, QUEUE.value, worker, max_items=500, max_bytes=1_000_000)

    def accept(batch: str, arrivals: list[Arrival], unread: list[Unread], _: datetime) -> Accepted:
        return desk.accept(*arrivals, batch=batch, unread=unread)

    return Loop(
        taker_of,
        "me",
        Reader(QUEUE, item_max_bytes=100_000, keep_bytes=100, status_future_s=600),
        accept,
        lambda _: None,
        lambda _: None,
        queue=QUEUE,
        clock=lambda: NOON,
        stopping=threading.Event(),
        traces=traces,
    )


def warned(caplog: pytest.LogCaptureFixture) -> list[tuple[str, dict[str, Any]]]:
    return [(r.message, vars(r)["fields"]) for r in caplog.records if r.levelno >= logging.WARNING]


def test_conflicts_and_rejects_are_named_with_their_orders(
    loop: Loop, redis: fakeredis.FakeRedis, caplog: pytest.LogCaptureFixture
) -> None:
    for given in (
        RECORD,
        RECORD | {"totalMoney": 1},
        RECORD | {"orderNo": "A-2", "endTime": "soon"},
        {"endTime": "soon", "orderNo": 7},
        {},
        3,
    ):
        redis.lpush(QUEUE.value, json.dumps(given))
    loop.turn()
    (conflict, of_conflict), (reject, of_reject) = warned(caplog)
    assert (conflict, of_conflict["subjects"]) == ("1 came again with another content", ["A-1"])
    assert (reject, of_reject["queue"]) == ("4 cannot be read", "charge-record")
    assert [one["subject"] for one in of_reject["rejects"]] == ["A-2", "7", None, None]
    assert of_reject["rejects"][0]["reason"].startswith("endTime: ")
    assert of_reject["batch"] == of_conflict["batch"]


def test_of_many_the_first_are_named(
    loop: Loop, redis: fakeredis.FakeRedis, caplog: pytest.LogCaptureFixture
) -> None:
    redis.lpush(QUEUE.value, json.dumps([{"orderNo": "A" * 500}] * (MOST_NAMED + 1)))
    loop.turn()
    ((said, fields),) = warned(caplog)
    assert said == f"{MOST_NAMED + 1} cannot be read"
    assert [len(one["subject"]) for one in fields["rejects"]] == [128] * MOST_NAMED


def test_a_batch_is_traced_once_it_is_in_the_journal(
    loop: Loop, redis: fakeredis.FakeRedis, traces: Seen, caplog: pytest.LogCaptureFixture
) -> None:
    redis.lpush(QUEUE.value, json.dumps(RECORD))
    loop.turn()
    assert traces.batches == [("charge-record", ["A-1"], NOON, NOON)]
    assert warned(caplog) == []
