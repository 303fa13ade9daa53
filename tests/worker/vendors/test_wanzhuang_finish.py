from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from pydantic import ValidationError

from tests.worker.vendors.cloud import SECONDS, cloud
from tests.worker.vendors.cloud_calls import FINISHED, events, record, take
from tests.worker.vendors.scripted import NOON
from worker.callback import Heard
from worker.events import ConnectorState, Kind
from worker.vendors.wanzhuang.callback_arguments import FinishOrder
from worker.vendors.wanzhuang.end_reasons import END_REASONS
from worker.vendors.wanzhuang.finish import finish_order

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
BARE = {"device_num": "18000001", "device_port": "1", "charge_id": "123"}
STARTED, FINISHED_BEFORE = ("start-power", "123"), ("finish-order", "123")


def test_the_end_of_a_charge_is_its_record() -> None:
    meaning = take("finish-order", FINISHED)
    assert meaning.subject == "123"
    assert [kind for kind, _ in meaning.events] == [Kind.CHARGE_RECORD, Kind.CONNECTOR_STATUS]
    told = record(meaning)
    assert told.order_no == "123"
    assert (told.operator_id, told.station_id) == ("395815801", "S-1")
    assert (told.device_id, told.connector_id) == ("18000001", "18000001-1")
    assert (told.start_time, told.end_time) == (NOON - HOUR, NOON)


def test_and_the_plug_is_still_in() -> None:
    _, status = events(take("finish-order", FINISHED | {"end_time": SECONDS - 60}))
    assert status.status is ConnectorState.FINISHED
    assert status.update_time == NOON - MINUTE
    assert (status.connector_id, status.equipment_id) == ("18000001-1", "18000001")
    assert status.order_no == "123"


def test_unless_the_charge_ended_because_it_was_pulled() -> None:
    _, status = events(take("finish-order", FINISHED | {"end_reason": "4"}))
    assert status.status is ConnectorState.IDLE


def test_fen_become_yuan() -> None:
    assert record(take("finish-order", FINISHED)).total_money == Decimal("2.50")
    assert record(take("finish-order", FINISHED | {"pay_used": 7})).total_money == Decimal("0.07")
    assert record(take("finish-order", BARE)).total_money is None


def test_the_reason_is_in_words_and_its_number_beside() -> None:
    told = record(take("finish-order", FINISHED))
    assert told.stop_reason == "充电完成"
    assert told.model_extra["end_reason"] == "2"


def test_all_51_reasons_have_words() -> None:
    for number, words in END_REASONS.items():
        told = record(take("finish-order", FINISHED | {"end_reason": number}))
        assert told.stop_reason == words
    assert list(END_REASONS) == list(range(51))


@pytest.mark.parametrize("number", ["51", "-1", "2.5", "done", ""])
def test_a_reason_without_words_is_none_of_ours_to_say(number: str) -> None:
    assert record(take("finish-order", FINISHED | {"end_reason": number})).stop_reason is None


def test_energy_of_unknown_unit_is_not_told_as_energy() -> None:
    told = record(take("finish-order", FINISHED))
    assert told.power is None
    assert told.model_extra["eq_used"] == "12"


def test_energy_is_told_once_its_unit_is_set() -> None:
    told = record(take("finish-order", FINISHED, energy_kwh_per_unit="0.01"))
    assert told.power == Decimal("0.12")
    assert told.model_extra["eq_used"] == "12"


def test_what_the_event_has_no_name_for_is_passed_on() -> None:
    more = {"pay_amount": "300", "voltage_max": "221", "power": "600", "orderNo": "evil"}
    told = record(take("finish-order", FINISHED | more))
    assert told.order_no == "123"
    assert told.power is None
    assert told.model_extra == {
        "pay_amount": "300",
        "voltage_max": "221",
        "end_reason": "2",
        "pay_used": "250",
        "time_used": "3600",
        "eq_used": "12",
    }


def test_how_it_was_signed_and_when_it_was_sent_are_no_part_of_the_record() -> None:
    proof = {"app_id": "app-1", "timestamp": SECONDS, "sign": "x", "rev_time": SECONDS + 9}
    plain, signed = (record(take("finish-order", FINISHED | more)) for more in ({}, proof))
    assert signed.content_hash() == plain.content_hash()


def test_the_callback_log_tells_the_same_record_in_json() -> None:
    as_json = {name: int(value) for name, value in FINISHED.items() if name != "device_num"}
    from_log = take("finish-order", FINISHED | as_json | {"fee_id": 7, "note": None})
    from_form = take("finish-order", FINISHED | {"fee_id": "7"})
    assert record(from_log).content_hash() == record(from_form).content_hash()


@pytest.mark.parametrize("name", ["end_time", "finish_time", "stop_time", "rev_time"])
@pytest.mark.parametrize(
    "time",
    [SECONDS - 60, f"{SECONDS - 60}", f"{SECONDS - 60}999", "2024-05-01 11:59:00"],
)
def test_the_end_as_the_body_has_it(name: str, time: object) -> None:
    told = record(take("finish-order", {**BARE, name: time}))
    assert told.end_time == NOON - MINUTE


@pytest.mark.parametrize("name", ["start_time", "begin_time"])
@pytest.mark.parametrize(
    "time", [SECONDS - 3600, f"{SECONDS - 3600}", (SECONDS - 3600) * 1000, "2024-05-01 11:00:00"]
)
def test_the_start_as_the_body_has_it(name: str, time: object) -> None:
    told = record(take("finish-order", {**BARE, name: time}))
    assert (told.start_time, told.end_time) == (NOON - HOUR, NOON)


@pytest.mark.parametrize("time", ["", "0", "1970-01-01 08:00:00", "soon", "0000-00-00 00:00:00"])
def test_times_that_cannot_be_read_are_those_at_which_we_heard(time: str) -> None:
    heard = {STARTED: NOON - HOUR}
    unread = {"start_time": time, "end_time": time}
    told = record(take("finish-order", BARE | unread, heard))
    assert (told.start_time, told.end_time) == (NOON - HOUR, NOON)


def test_without_times_a_repetition_ends_when_the_first_did() -> None:
    heard = {STARTED: NOON - HOUR, FINISHED_BEFORE: NOON - MINUTE}
    _, status = events(take("finish-order", BARE, heard))
    told = record(take("finish-order", BARE, heard))
    assert (told.start_time, told.end_time) == (NOON - HOUR, NOON - MINUTE)
    assert status.update_time == NOON - MINUTE


def test_a_charge_whose_start_nobody_told_began_its_time_before_the_end() -> None:
    told = record(take("finish-order", BARE | {"time_used": "90"}))
    assert (told.start_time, told.end_time) == (NOON - timedelta(seconds=90), NOON)


@pytest.mark.parametrize("time_used", ["-1", "31622401", "long", "1e20", ""])
def test_where_nothing_tells_the_start_it_is_the_end(time_used: str) -> None:
    told = record(take("finish-order", BARE | {"time_used": time_used}))
    assert told.start_time == told.end_time == NOON


def test_no_charge_begins_after_its_end() -> None:
    given = BARE | {"start_time": SECONDS, "end_time": SECONDS - 60, "time_used": "60"}
    told = record(take("finish-order", given, {STARTED: NOON}))
    assert (told.start_time, told.end_time) == (NOON - 2 * MINUTE, NOON - MINUTE)


def test_an_end_in_the_future_is_not_believed() -> None:
    assert record(take("finish-order", BARE | {"end_time": SECONDS + 301})).end_time == NOON


def test_a_clock_that_is_a_little_fast_does_not_date_a_status_ahead() -> None:
    told, status = events(take("finish-order", BARE | {"end_time": SECONDS + 60}))
    assert told.end_time == NOON + MINUTE
    assert status.update_time == NOON


def test_the_station_is_the_device_where_none_is_set() -> None:
    assert record(take("finish-order", FINISHED, station_id=None)).station_id == "18000001"


def test_without_an_operator_the_record_is_told_all_the_same() -> None:
    meaning = take("finish-order", FINISHED, operator_id=None)
    assert [kind for kind, _ in meaning.events] == [Kind.CHARGE_RECORD]
    assert record(meaning).operator_id is None
    assert "operator_id" in meaning.reason


@pytest.mark.parametrize("name", ["pay_used", "eq_used", "time_used", "end_reason", "end_time"])
@pytest.mark.parametrize("value", ["", "x", "9" * 30, "1e19", "-5", "NaN", None, True, ["1"], 1.5])
def test_no_guessed_field_costs_the_record(name: str, value: object) -> None:
    meaning = take("finish-order", FINISHED | {name: value}, energy_kwh_per_unit="1000")
    assert record(meaning).order_no == "123"


@pytest.mark.parametrize("missing", ["device_num", "device_port", "charge_id"])
def test_which_charge_ended_must_be_told(missing: str) -> None:
    with pytest.raises(ValidationError):
        take("finish-order", {name: FINISHED[name] for name in FINISHED if name != missing})


def test_reconciliation_reads_the_log_by_the_same_way() -> None:
    asked: list[tuple[str, str]] = []

    def before(name: str, subject: str) -> datetime | None:
        asked.append((name, subject))
        return None

    meaning = finish_order(cloud(), FinishOrder.model_validate(BARE), Heard(NOON, before))
    assert record(meaning).end_time == NOON
    assert asked == [FINISHED_BEFORE, STARTED]
