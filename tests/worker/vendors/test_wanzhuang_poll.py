import logging

import pytest

from tests.worker.vendors.cloud import SECONDS, answer, cloud, query, success
from tests.worker.vendors.scripted import Script
from worker.events import ConnectorState, ConnectorStatus, Kind, parse
from worker.exchange import Answer, NoAnswer
from worker.vendor import CannotSign
from worker.vendors.wanzhuang.ports import STATES

SILENT = NoAnswer("no answer within the time limit", sent=True)
OFFLINE, IDLE, OCCUPIED, CHARGING, RESERVED, FINISHED, FAULT = ConnectorState


def device(*states: object, number: str = "18000001", online: object = 1) -> dict[str, object]:
    ports = [{"port": n, "state": state} for n, state in enumerate(states, 1)]
    return {"device_num": number, "online": online, "ports": ports}


def polled(script: Script, **settings: object) -> list[ConnectorStatus]:
    told = cloud(**settings).poll(script.send)
    assert {kind for kind, _ in told} <= {Kind.CONNECTOR_STATUS}
    events = [parse(kind, event) for kind, event in told]
    assert all(isinstance(event, ConnectorStatus) for event in events)
    return events  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (0, IDLE),
        (1, OCCUPIED),
        (2, CHARGING),
        (3, OCCUPIED),
        (4, OCCUPIED),
        (5, FINISHED),
        (6, FAULT),
        (7, OCCUPIED),
        (8, OCCUPIED),
        (9, OCCUPIED),
        (10, OCCUPIED),
        (11, OCCUPIED),
        (12, OCCUPIED),
        (13, OCCUPIED),
        (14, FAULT),
        (15, IDLE),
        (16, OCCUPIED),
        (17, FAULT),
        (18, FAULT),
        (19, FINISHED),
        (20, FAULT),
        (21, FAULT),
        (22, FAULT),
        (23, RESERVED),
        (24, FAULT),
        (25, FAULT),
    ],
)
@pytest.mark.parametrize("typed", [int, str])
def test_a_port_state_becomes_a_status(state: int, status: ConnectorState, typed: type) -> None:
    (event,) = polled(Script([success(device(typed(state)))]))
    assert event.status is status
    assert (event.model_extra or {})["portState"] == state


def test_the_table_has_every_state_of_the_document_with_a_reason() -> None:
    assert set(STATES) == set(range(26))
    assert all(reason for _, reason in STATES.values())


def test_a_status_says_whose_it_is_and_when() -> None:
    ports = [{"port": 2, "state": 2, "charge_id": 1751254762038}]
    answered = {"device_num": "18000001", "ports": ports}
    script = Script([success(answered, timestamp=SECONDS + 30)])
    (event,) = polled(script)
    assert (event.operator_id, event.station_id) == ("395815801", "S-1")
    assert (event.equipment_id, event.connector_id) == ("18000001", "18000001-2")
    assert event.order_no == "1751254762038"
    assert event.update_time.timestamp() == SECONDS + 30
    assert query(script.sent[0]) == [("device_num", "18000001")]


@pytest.mark.parametrize("state", [0, 1, 3, 5, 6])
def test_an_order_is_told_only_while_it_charges(state: int) -> None:
    ports = [{"port": 1, "state": state, "charge_id": "77"}]
    (event,) = polled(Script([success({"ports": ports})]))
    assert event.order_no is None


@pytest.mark.parametrize(
    "timestamp", [None, "soon", 0, 1636006092, SECONDS + 301, SECONDS - 301, 1.5, True, 10**30]
)
def test_a_timestamp_far_from_our_clock_is_not_believed(timestamp: object) -> None:
    (event,) = polled(Script([success(device(0), timestamp=timestamp)]))
    assert event.update_time.timestamp() == SECONDS


@pytest.mark.parametrize("timestamp", [SECONDS + 300, str(SECONDS + 300)])
def test_a_timestamp_may_be_text(timestamp: object) -> None:
    (event,) = polled(Script([success(device(0), timestamp=timestamp)]))
    assert event.update_time.timestamp() == SECONDS + 300


@pytest.mark.parametrize("online", [0, "0", False])
def test_the_ports_of_a_device_that_is_away_are_offline(online: object) -> None:
    events = polled(Script([success(device(0, 2, online=online))]))
    assert [event.status for event in events] == [OFFLINE, OFFLINE]


@pytest.mark.parametrize(
    "data",
    [
        {"ports": [{"port": 1, "state": 0}, {"port": 2, "state": 2}]},
        {"ports": [{"device_port": "1", "state": 0}, {"device_port": "2", "state": 2}]},
        {"ports": [{"state": 0}, {"state": 2}]},
        {"ports": [0, 2]},
        {"ports": {"1": {"state": 0}, "2": {"state": 2}}},
        {"ports": {"1": 0, "2": 2}},
        {"18000001": {"ports": [0, 2]}},
        [{"device_num": "18000001", "ports": [0, 2]}],
    ],
)
def test_ports_are_read_in_several_shapes(data: object) -> None:
    events = polled(Script([success(data)]))
    assert [(event.connector_id, event.status) for event in events] == [
        ("18000001-1", IDLE),
        ("18000001-2", CHARGING),
    ]


@pytest.mark.parametrize(
    "data", [None, [], {}, "x", 7, {"ports": None}, {"ports": "x"}, {"ports": []}, [7], {"1": 7}]
)
def test_an_answer_without_ports_is_a_line_in_the_log(
    data: object, caplog: pytest.LogCaptureFixture
) -> None:
    assert polled(Script([success(data)])) == []
    assert [r.getMessage() for r in caplog.records] == [
        "vendor-1: 18000001: no ports in the answer"
    ]


@pytest.mark.parametrize("state", [26, -1, 255, "x", None, 1.5, [0]])
def test_an_unknown_state_is_not_guessed_and_stops_no_other(state: object) -> None:
    events = polled(Script([success(device(state, 0))]))
    assert [event.connector_id for event in events] == ["18000001-2"]


def test_devices_are_asked_one_by_one() -> None:
    script = Script([success(device(0, number="1")), success(device(2, number="2"))])
    events = polled(script, devices=["1", "2"])
    assert [event.connector_id for event in events] == ["1-1", "2-1"]
    assert [query(sent) for sent in script.sent] == [[("device_num", "1")], [("device_num", "2")]]


def test_devices_may_be_asked_together() -> None:
    both = [device(0, number="1"), device(2, number="2")]
    script = Script([success(both), success([device(6, number="3")])])
    events = polled(script, devices=["1", "2", "3"], devices_per_call=2)
    assert [event.connector_id for event in events] == ["1-1", "2-1", "3-1"]
    assert [query(sent) for sent in script.sent] == [
        [("device_nums[]", "1"), ("device_nums[]", "2")],
        [("device_nums[]", "3")],
    ]
    assert "/open/device/state/list?" in str(script.sent[0].url)


@pytest.mark.parametrize("bad", [answer({"code": 0, "message": "设备离线"}), SILENT])
def test_a_device_that_cannot_be_read_stops_no_other(
    bad: Answer | NoAnswer, caplog: pytest.LogCaptureFixture
) -> None:
    numbers = [str(n) for n in range(10)]
    well = [success(device(0, number=number)) for number in numbers]
    script = Script([bad if n % 2 else well[n] for n in range(10)])
    events = polled(script, devices=numbers)
    assert [event.equipment_id for event in events] == numbers[::2]
    assert [r.levelno for r in caplog.records] == [logging.WARNING] * 5


def test_a_platform_that_is_away_is_not_asked_for_every_device() -> None:
    script = Script([SILENT] * 3)
    with pytest.raises(NoAnswer):
        polled(script, devices=[str(n) for n in range(10)])
    assert len(script.sent) == 3


def test_what_was_learnt_before_the_platform_went_away_is_told() -> None:
    script = Script([success(device(0, number="0")), *[SILENT] * 3])
    events = polled(script, devices=[str(n) for n in range(10)])
    assert [event.connector_id for event in events] == ["0-1"]
    assert len(script.sent) == 4


def test_a_refusal_of_our_credentials_ends_the_polling() -> None:
    script = Script([answer({"code": 0, "message": "签名错误"})])
    with pytest.raises(CannotSign, match="签名错误"):
        polled(script, devices=["1", "2"])
    assert len(script.sent) == 1
