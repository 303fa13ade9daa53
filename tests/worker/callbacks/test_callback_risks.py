"""A risk that the platform saw becomes a warning on the queue, and is kept until it arrived."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.worker.callbacks.platform_caller import Platform, risk
from tests.worker.callbacks.served import called_by_platform
from tests.worker.callbacks.traces import until
from tests.worker.desk import WARNING, Desk
from tests.worker.given import status
from worker.arriving import publish_due
from worker.events import SafetyWarning, parse
from worker.intake.read import Reader
from worker.journal import callback_tables as told
from worker.journal import tables

QUEUE = "safety-warning"
READER = Reader(WARNING, item_max_bytes=10_000, keep_bytes=100, status_future_s=600)


def publish(desk: Desk, redis: Redis) -> int:
    return publish_due(desk.engine, redis, desk.now)


def queued(redis: Redis) -> list[dict[str, Any]]:
    """What stands on the queue, oldest first."""
    return [json.loads(item) for item in reversed(redis.lrange(QUEUE, 0, -1))]


def take_in(desk: Desk, redis: Redis) -> int:
    """Accept all that is queued, as the intake does; how many events were new."""
    items: Any = redis.rpop(QUEUE, 1000)
    arrivals, unread = READER.read(items or [], desk.now)
    assert not unread
    return desk.accept(*arrivals, queue=WARNING).events


def waiting(desk: Desk) -> int:
    return len(desk.all(told.callback_event))


@contextmanager
def publishing(desk: Desk, redis: Redis) -> Iterator[Platform]:
    """Who calls a server that publishes at once, as the real one does."""
    with called_by_platform(desk, partial(publish, desk, redis)) as platform:
        yield platform


def test_a_risk_is_put_on_the_queue_as_a_producer_would_put_it(
    desk: Desk, platform: Platform, redis: Redis
) -> None:
    assert platform.warns()["data"] is None
    assert queued(redis) == []
    assert publish(desk, redis) == 1
    [item] = queued(redis)
    event = parse(WARNING, item)
    assert isinstance(event, SafetyWarning)
    assert (event.risk_level, event.risk_reason, event.vendor) == ("high", "烟雾", "city")
    assert (event.connector_id, event.operator_id) == ("C-1", "395815801")
    assert event.occurred_at.isoformat() == "2024-05-01T11:30:00+00:00"
    assert event.warning_id.startswith("city-C-1-")
    assert [row.identity for row in desk.all(told.callback_event)] == [event.identity]


def test_the_server_publishes_by_itself_once_the_answer_has_left(desk: Desk, redis: Redis) -> None:
    with publishing(desk, redis) as platform:
        platform.warns()
        until(lambda: redis.llen(QUEUE), "the risk is on the queue")
    assert take_in(desk, redis) == 1


def test_a_risk_is_kept_until_the_intake_has_written_it(
    desk: Desk, platform: Platform, redis: Redis
) -> None:
    platform.warns()
    publish(desk, redis)
    assert waiting(desk) == 1
    assert take_in(desk, redis) == 1
    assert waiting(desk) == 1
    desk.forward(5)
    assert publish(desk, redis) == 0
    assert waiting(desk) == 0
    assert redis.llen(QUEUE) == 0


def test_a_risk_that_the_broker_forgot_is_published_again(
    desk: Desk, platform: Platform, redis: Redis
) -> None:
    platform.warns()
    for wait_s in (5, 15, 60, 300, 300):
        assert publish(desk, redis) == 1
        redis.flushdb()
        desk.forward(wait_s - 1)
        assert publish(desk, redis) == 0
        desk.forward(1)
    assert publish(desk, redis) == 1
    assert take_in(desk, redis) == 1
    desk.forward(300)
    assert publish(desk, redis) == 0
    assert waiting(desk) == 0


def test_a_risk_that_was_published_twice_is_one_event(
    desk: Desk, platform: Platform, redis: Redis
) -> None:
    platform.warns()
    publish(desk, redis)
    desk.forward(5)
    publish(desk, redis)
    assert redis.llen(QUEUE) == 2
    assert take_in(desk, redis) == 1
    assert len(desk.all(tables.event)) == len(desk.all(tables.report)) == 1


def test_a_risk_is_answered_while_the_broker_is_away(desk: Desk, redis: Redis) -> None:
    gone = Redis(port=1, retry=Retry(NoBackoff(), 0))
    with called_by_platform(desk, partial(publish, desk, gone)) as platform:
        platform.warns()
        until(lambda: desk.all(told.callback_event)[0].tries, "publishing was tried")
        platform.warns(cellId="C-2")
    gone.close()
    desk.forward(5)
    assert publish(desk, redis) == 2
    assert take_in(desk, redis) == 2


def test_the_same_risk_told_again_is_known_and_brings_no_second_event(
    desk: Desk, platform: Platform, redis: Redis
) -> None:
    platform.warns()
    platform.warns()
    desk.forward(600)
    platform.warns(platformDatetime="2024-05-01T11:30:00Z")
    assert [row.outcome for row in desk.all(told.callback)] == ["taken", "known", "known"]
    assert waiting(desk) == 1
    publish(desk, redis)
    assert take_in(desk, redis) == 1
    platform.warns()
    assert waiting(desk) == 1


def test_twenty_newly_signed_notices_of_one_risk_at_one_moment_are_one_event(
    desk: Desk, platform: Platform, redis: Redis
) -> None:
    headers = [platform.headers() for _ in range(20)]
    assert platform.at_once("cell-risk", risk(), headers) == [200] * 20
    publish(desk, redis)
    assert take_in(desk, redis) == 1
    desk.forward(5)
    publish(desk, redis)
    assert waiting(desk) == redis.llen(QUEUE) == 0


def test_another_risk_is_another_event(desk: Desk, platform: Platform) -> None:
    platform.warns()
    platform.warns(cellId="C-2")
    platform.warns(riskLevel="低风险")
    platform.warns(riskReason="漏电")
    platform.warns(platformDatetime="2024-05-01 19:30:01")
    identities = {row.identity for row in desk.all(told.callback_event)}
    assert len(identities) == 5


def test_a_warning_learns_the_station_from_the_newest_status_of_its_connector(
    desk: Desk, platform: Platform
) -> None:
    desk.accept(status("C-1", 1, stationId="S-old", equipmentId="E-1"))
    desk.accept(status("C-1", 2, stationId="S-7", equipmentId="E-7"))
    desk.accept(status("C-2", 3, stationId="S-8"))
    platform.warns()
    platform.warns(cellId="C-9")
    known, unknown = (json.loads(row.body) for row in desk.all(told.callback_event))
    assert (known["stationId"], known["equipmentId"]) == ("S-7", "E-7")
    assert known["operatorId"] == "395815801"
    assert "stationId" not in unknown


def test_a_warning_learns_no_station_where_two_operators_have_a_connector_of_that_name(
    desk: Desk, platform: Platform
) -> None:
    desk.accept(status("C-1", 1), status("C-1", 1, operatorId="another"))
    platform.warns()
    assert "stationId" not in json.loads(desk.all(told.callback_event)[0].body)


def test_a_wordy_risk_of_a_cell_with_a_long_name_is_a_warning_nevertheless(
    desk: Desk, platform: Platform, redis: Redis
) -> None:
    platform.warns(cellId="C" * 128, riskReason="烟" * 4096)
    publish(desk, redis)
    assert take_in(desk, redis) == 1
    [row] = desk.all(tables.event)
    assert row.occurred_at == desk.now - timedelta(minutes=30)


def test_a_risk_needs_no_reason(desk: Desk, platform: Platform, redis: Redis) -> None:
    platform.warns(riskReason="", riskLevel="低")
    publish(desk, redis)
    assert [item["riskLevel"] for item in queued(redis)] == ["低"]
    assert take_in(desk, redis) == 1
