from typing import Any

import pytest
from pydantic import ValidationError

from tests.worker.vendors.scripted import answer, body, make
from tests.worker.vendors.test_parkpot import RECORD as EVENT
from tests.worker.vendors.test_parkpot import SETTINGS, record
from worker.operation import Reply
from worker.outcomes import Accepted, Refused
from worker.vendors.parkpot import Parkpot

PUSH = Parkpot.operations["push-record"]
RECORD = {
    "orderNo": EVENT["orderNo"],
    "plateNo": EVENT["plateNo"],
    "startTime": EVENT["startTime"],
    "endTime": EVENT["endTime"],
    "stationId": "S-001",
    "stationName": "S-001",
    "deviceId": "D-7",
    "deviceName": "D-7",
    "power": "12.35",
    "elecMoney": 8.01,
    "totalMoney": 10,
}


def pushed(**changes: object) -> dict[str, Any]:
    arguments = PUSH.arguments.model_validate(RECORD | changes)
    fields = body(PUSH.request(make("parkpot", SETTINGS), arguments))
    assert isinstance(fields, dict)
    return fields


def test_a_record_by_hand_is_signed_and_told_as_an_event_is() -> None:
    assert pushed() == body(make("parkpot", SETTINGS).request([record()]))
    # The sign that openssl gives for these fields, see test_parkpot.
    assert pushed()["sign"] == "87D59CF4457D8F08BC60AF2CC22B79EC"


def test_what_is_left_out_is_sent_as_an_empty_text() -> None:
    empty = {name for name, value in pushed(power=None).items() if value == ""}
    assert empty == {"spaceNo", "power", "seviceMoney"}


@pytest.mark.parametrize(
    "changes", [{"plateNo": ""}, {"power": "1.234"}, {"startTime": "soon"}, {"serviceMoney": 1}]
)
def test_what_the_document_does_not_allow_is_not_sent(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        pushed(**changes)


def test_the_answer_is_read_as_that_to_a_report() -> None:
    garage = make("parkpot", SETTINGS)
    assert PUSH.read(garage, answer({"result": 0})) == Reply(Accepted("accepted", "0"))
    assert isinstance(PUSH.read(garage, answer({"result": 1, "description": "x"})).outcome, Refused)
