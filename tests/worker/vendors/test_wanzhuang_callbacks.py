from datetime import timedelta

import pytest
from pydantic import ValidationError

from tests.worker.vendors.cloud import SECONDS, cloud
from tests.worker.vendors.cloud_calls import BEGUN, events, take
from tests.worker.vendors.scripted import NOON
from worker.callback import Content
from worker.events import ConnectorState

CARD = {"device_num": "18000001", "device_port": "1", "icc_id": "00277312", "pay_amount": "500"}
INCOME = {"device_num": "18000001", "coin": "1200", "card": "300", "time": str(SECONDS - 60)}


def test_the_four_calls_of_the_document_with_the_names_it_ends_our_address_in() -> None:
    also = {name: tuple(callback.also) for name, callback in cloud().callbacks.items()}
    assert also == {
        "start-power": ("start_power",),
        "finish-order": ("finish_order",),
        "card-pay": ("icc_pay_req",),
        "offline-income": ("offline_profit",),
    }


def test_all_are_posted_forms_and_offline_income_has_parts() -> None:
    shapes = {name: (c.method, c.content) for name, c in cloud().callbacks.items()}
    assert shapes == {
        "start-power": ("POST", Content.FORM),
        "finish-order": ("POST", Content.FORM),
        "card-pay": ("POST", Content.FORM),
        "offline-income": ("POST", Content.MULTIPART),
    }


def test_only_the_end_of_a_charge_may_be_told_again() -> None:
    repeatable = [name for name, callback in cloud().callbacks.items() if callback.repeatable]
    assert repeatable == ["finish-order"]


def test_a_charge_that_began_is_a_connector_that_charges() -> None:
    meaning = take("start-power", BEGUN)
    (event,) = events(meaning)
    assert meaning.subject == "123"
    assert event.status is ConnectorState.CHARGING
    assert event.update_time == NOON
    assert event.order_no == "123"
    assert (event.operator_id, event.station_id) == ("395815801", "S-1")
    assert (event.equipment_id, event.connector_id) == ("18000001", "18000001-1")


def test_numbers_may_be_numbers() -> None:
    spelled = {"state": 0, "device_num": 18000001, "device_port": 1, "charge_id": 123}
    assert take("start-power", spelled) == take("start-power", BEGUN)


@pytest.mark.parametrize("state", ["1", "-16", 41])
def test_another_state_is_no_charge(state: object) -> None:
    meaning = take("start-power", BEGUN | {"state": state})
    assert (meaning.subject, meaning.events) == ("123", ())
    assert meaning.reason == f"state {state}, which no page explains: not begun"


def test_without_an_operator_a_beginning_is_kept_and_nothing_more() -> None:
    meaning = take("start-power", BEGUN, operator_id=None)
    assert (meaning.subject, meaning.events) == ("123", ())
    assert "operator_id" in meaning.reason


def test_a_beginning_that_is_told_after_the_end_is_no_event() -> None:
    meaning = take("start-power", BEGUN, {("finish-order", "123"): NOON - timedelta(minutes=1)})
    assert meaning.events == ()
    assert "the end of this charge was told before" in meaning.reason


def test_a_card_is_kept_under_its_number_with_its_zeros() -> None:
    meaning = take("card-pay", CARD)
    assert (meaning.subject, meaning.events) == ("00277312", ())
    assert meaning.reason == "kept; no event"


@pytest.mark.parametrize(
    "time", [str(SECONDS), SECONDS, f"{SECONDS}000", "2024-05-01 12:00:00", "2024-05-01T04:00:00Z"]
)
def test_income_is_kept_with_its_devices_time(time: object) -> None:
    meaning = take("offline-income", INCOME | {"time": time})
    assert (meaning.subject, meaning.events) == ("18000001", ())
    assert meaning.told_at == NOON
    assert meaning.reason == "kept; no event"


def test_a_device_whose_clock_is_fast_does_not_silence_its_later_income() -> None:
    meaning = take("offline-income", INCOME | {"time": SECONDS + 301})
    assert meaning.told_at == NOON
    assert "clock is fast" in meaning.reason


def test_a_clock_that_is_a_little_fast_is_believed() -> None:
    meaning = take("offline-income", INCOME | {"time": SECONDS + 300})
    assert meaning.told_at == NOON + timedelta(seconds=300)


@pytest.mark.parametrize("time", ["", "soon", "0", "9999999999", "12345", None])
def test_income_without_a_readable_time_is_refused(time: object) -> None:
    with pytest.raises(ValidationError):
        take("offline-income", INCOME | {"time": time})


def test_totals_may_go_down() -> None:
    assert take("offline-income", INCOME | {"coin": "0", "card": 0}).reason == "kept; no event"


@pytest.mark.parametrize(
    ("name", "given", "change"),
    [
        ("start-power", BEGUN, {"state": "begun"}),
        ("start-power", BEGUN, {"state": ""}),
        ("start-power", BEGUN, {"device_num": ""}),
        ("start-power", BEGUN, {"device_num": "1" * 65}),
        ("start-power", BEGUN, {"device_num": "1\x002"}),
        ("start-power", BEGUN, {"device_port": "left"}),
        ("start-power", BEGUN, {"device_port": "1" * 10}),
        ("start-power", BEGUN, {"charge_id": "1" * 65}),
        ("start-power", BEGUN, {"charge_id": True}),
        ("card-pay", CARD, {"icc_id": ""}),
        ("card-pay", CARD, {"pay_amount": "5.5"}),
        ("offline-income", INCOME, {"coin": "many"}),
        ("offline-income", INCOME, {"card": None}),
    ],
)
def test_what_the_page_requires_must_be_there_and_readable(
    name: str, given: dict[str, object], change: dict[str, object]
) -> None:
    with pytest.raises(ValidationError) as error:
        take(name, given | change)
    (fault,) = error.value.errors()
    assert fault["loc"] == tuple(change)


@pytest.mark.parametrize("name", ["start-power", "finish-order", "card-pay", "offline-income"])
def test_every_field_is_described(name: str) -> None:
    fields = cloud().callbacks[name].arguments.model_fields
    assert [key for key, field in fields.items() if not field.description] == []


def test_the_longest_ids_still_make_an_event() -> None:
    longest = BEGUN | {"device_num": "n" * 64, "device_port": "1" * 9, "charge_id": "c" * 64}
    (event,) = events(
        take("start-power", longest, connector_id="{device_num}{port}".ljust(64, "x"))
    )
    assert len(event.connector_id) == 64 + 9 + 46


def test_success_is_answered_as_the_document_answers() -> None:
    assert cloud().answer(200, "taken", {"charge_id": "123"}) == {
        "code": 1,
        "message": "taken",
        "data": {"charge_id": "123"},
        "timestamp": SECONDS,
    }


@pytest.mark.parametrize("status", [400, 401, 404, 409, 503])
def test_a_refusal_is_answered_with_its_http_status(status: int) -> None:
    answer = cloud().answer(status, "why")
    assert answer == {"code": status, "message": "why", "data": None, "timestamp": SECONDS}


def test_the_longest_address_of_a_port_is_bounded() -> None:
    with pytest.raises(ValidationError, match="connector_id"):
        cloud(connector_id="{device_num}{port}".ljust(65, "x"))
