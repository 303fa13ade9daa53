import json

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as BrokerAway
from sqlalchemy import Engine

from tests.worker.rows import (
    NOW,
    POLICIES,
    all_of,
    minutes,
    record,
    set_reports,
    states,
    take_in,
)
from worker.events import Kind
from worker.journal import decide, tables
from worker.journal.accept import Unread
from worker.journal.content import hash_of_kept
from worker.journal.decide import CannotDecide
from worker.journal.states import State

LATER = NOW + minutes(60)
END = "2026-03-01 11:30:00"


@pytest.fixture
def conflict(engine: Engine) -> int:
    """A record that two vendors have, told a second time with another sum and end."""
    vendors = ("city", "mall")
    take_in(engine, Kind.CHARGE_RECORD, [record("R1", totalMoney="1.00")], vendors=vendors)
    set_reports(engine, {"vendor": "city"}, state=State.ACCEPTED, tries=2, reason="accepted")
    set_reports(engine, {"vendor": "mall"}, state=State.REFUSED)
    take_in(
        engine,
        Kind.CHARGE_RECORD,
        [record("R1", totalMoney="2.00", endTime=END)],
        now=NOW + minutes(5),
    )
    (row,) = all_of(engine, tables.conflict)
    return int(row["id"])


@pytest.fixture
def reject(engine: Engine) -> int:
    take_in(engine, Kind.CHARGE_RECORD, [], unread=[Unread("not JSON", b"{\xff", 2)])
    (row,) = all_of(engine, tables.reject)
    return int(row["id"])


def money(body: str) -> str:
    return str(json.loads(body)["totalMoney"])


def test_kept_the_first_content_stays_and_nothing_is_told(engine: Engine, conflict: int) -> None:
    decide.keep(engine, conflict, LATER)
    (row,) = all_of(engine, tables.conflict)
    (event,) = all_of(engine, tables.event)
    assert (row["decision"], row["decided_at"]) == ("kept", LATER)
    assert money(event["body"]) == "1.00"
    assert states(engine) == {("city", 1): "accepted", ("mall", 1): "refused"}


def test_replaced_the_second_content_takes_the_events_place(engine: Engine, conflict: int) -> None:
    (second,) = all_of(engine, tables.conflict)
    (first,) = all_of(engine, tables.event)
    decide.replace(engine, conflict, POLICIES, LATER)
    (row,) = all_of(engine, tables.conflict)
    (event,) = all_of(engine, tables.event)
    assert row["decision"] == "replaced"
    assert (money(event["body"]), money(row["body"])) == ("2.00", "1.00")
    assert (event["body"], row["body"]) == (second["body"], first["body"])
    assert row["content_hash"] == hash_of_kept(Kind.CHARGE_RECORD, first["body"])
    assert row["content_hash"] != second["content_hash"]
    assert (event["received_at"], row["received_at"]) == (NOW + minutes(5), NOW)
    assert event["occurred_at"] == first["occurred_at"] + minutes(30)


def test_replaced_every_vendor_of_the_event_is_told_anew(engine: Engine, conflict: int) -> None:
    assert decide.replace(engine, conflict, POLICIES, LATER) == 2
    for row in all_of(engine, tables.report):
        assert (row["state"], row["tries"], row["due_at"]) == ("pending", 0, LATER)
        assert row["reason"].startswith(f"conflict {conflict} replaced its content; was ")


def test_the_content_that_took_the_place_is_a_duplicate_from_then_on(
    engine: Engine, conflict: int
) -> None:
    decide.replace(engine, conflict, POLICIES, LATER)
    again = [record("R1", totalMoney="2.00", endTime=END)]
    result = take_in(engine, Kind.CHARGE_RECORD, again, now=LATER)
    assert (result.duplicates, result.conflicts) == (1, 0)


def test_a_decision_is_final(engine: Engine, conflict: int) -> None:
    decide.keep(engine, conflict, LATER)
    with pytest.raises(CannotDecide, match="was decided already: kept"):
        decide.replace(engine, conflict, POLICIES, LATER)


def test_an_unknown_conflict_is_named(engine: Engine) -> None:
    with pytest.raises(CannotDecide, match="there is no conflict 77"):
        decide.keep(engine, 77, LATER)


def test_content_is_not_replaced_while_it_is_being_sent(engine: Engine, conflict: int) -> None:
    set_reports(engine, {"vendor": "mall"}, state=State.SENDING)
    with pytest.raises(CannotDecide, match="is being sent to mall right now"):
        decide.replace(engine, conflict, POLICIES, LATER)
    (row,) = all_of(engine, tables.conflict)
    assert row["decision"] is None
    assert states(engine) == {("city", 1): "accepted", ("mall", 1): "sending"}


def test_a_reject_goes_back_to_the_left_of_its_queue(
    engine: Engine, reject: int, redis: Redis
) -> None:
    redis.lpush("charge-record", b"earlier")
    assert decide.put_back(engine, reject, redis.lpush, LATER) == "charge-record"
    assert redis.lrange("charge-record", 0, -1) == [b"{\xff", b"earlier"]
    assert all_of(engine, tables.reject)[0]["put_back_at"] == LATER


def test_a_reject_is_put_back_once(engine: Engine, reject: int, redis: Redis) -> None:
    decide.put_back(engine, reject, redis.lpush, LATER)
    with pytest.raises(CannotDecide, match="was put back already, at 2026-03-01 05:00 UTC"):
        decide.put_back(engine, reject, redis.lpush, LATER)
    assert redis.llen("charge-record") == 1


def test_a_reject_that_was_kept_in_part_is_not_put_back(engine: Engine, redis: Redis) -> None:
    take_in(engine, Kind.CHARGE_RECORD, [], unread=[Unread("too large", b"[1", 9)])
    (row,) = all_of(engine, tables.reject)
    with pytest.raises(CannotDecide, match="kept only in part, 2 of 9 bytes"):
        decide.put_back(engine, row["id"], redis.lpush, LATER)
    assert not redis.exists("charge-record")


def test_a_reject_that_could_not_be_pushed_can_be_put_back_later(
    engine: Engine, reject: int
) -> None:
    def push(_queue: str, _raw: bytes) -> object:
        raise BrokerAway

    with pytest.raises(BrokerAway):
        decide.put_back(engine, reject, push, LATER)
    assert all_of(engine, tables.reject)[0]["put_back_at"] is None
