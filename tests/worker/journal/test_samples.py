"""From what a vendor says, a connector and a second, the event that it was told."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, update

from tests.worker.desk import CITY, RECORD, STATUS, Desk
from tests.worker.failing import about
from tests.worker.given import NOON, arrival, record, status
from worker.callback import About
from worker.events import Event
from worker.journal import samples, tables
from worker.journal.engine import reading, writing

ELEVEN = NOON - timedelta(hours=1)
ELSEWHERE = {"operatorId": "another"}


@pytest.fixture
def desk(engine: Engine) -> Desk:
    return Desk(engine)


def found(desk: Desk, wanted: About, vendor: str = CITY) -> Event | None:
    with reading(desk.engine) as connection:
        sample = samples.find(connection, vendor, wanted)
    return None if sample is None else sample.event


def of_connector(second: float = 0, connector: str = "C-1", status: int | None = None) -> About:
    return About(STATUS, connector, ELEVEN + timedelta(seconds=second), status)


def of_record(second: float = 0, place: str = "C-1") -> About:
    return About(RECORD, place, ELEVEN + timedelta(seconds=second))


def at(second: float, **changes: object) -> dict[str, Any]:
    return {"endTime": (ELEVEN + timedelta(seconds=second)).isoformat(), **changes}


def place(desk: Desk, connector: str = "C-1") -> dict[str, str]:
    with reading(desk.engine) as connection:
        return dict(samples.place(connection, connector))


def test_a_status_is_found_by_its_connector_and_second(desk: Desk) -> None:
    desk.accept(*(status(c, second) for c in ("C-1", "C-2") for second in (0, 1, 2)))
    assert found(desk, of_connector(1)) == status("C-1", 1).event
    assert found(desk, of_connector(2, "C-2")) == status("C-2", 2).event
    assert found(desk, of_connector(3)) is None
    assert found(desk, of_connector(1, "C-3")) is None


def test_a_found_event_comes_with_its_report_to_that_vendor(desk: Desk) -> None:
    desk.route = lambda _: ["mall", CITY]
    desk.accept(status())
    with reading(desk.engine) as connection:
        sample = samples.find(connection, CITY, of_connector())
    assert sample is not None
    (row,) = [row for row in desk.all(tables.report) if row.vendor == CITY]
    assert sample.report_id == row.id == 2


def test_the_second_is_whole_and_what_happened_within_it_is_found(desk: Desk) -> None:
    desk.accept(status(second=0), status("C-2", 2))
    within = status("C-3", 1, updateTime=(ELEVEN + timedelta(seconds=1.999)).isoformat())
    desk.accept(within)
    assert found(desk, of_connector(1, "C-3")) == within.event
    assert found(desk, of_connector(2, "C-3")) is None


def test_of_two_in_one_second_the_status_decides_and_else_the_later_one(desk: Desk) -> None:
    charging, idle = status(status=3), status(status=1)
    desk.accept(charging)
    desk.accept(idle)
    assert found(desk, of_connector()) == idle.event
    assert found(desk, of_connector(status=3)) == charging.event
    assert found(desk, of_connector(status=1)) == idle.event
    assert found(desk, of_connector(status=255)) is None


def test_of_two_in_one_second_the_one_that_came_late_was_never_told(desk: Desk) -> None:
    first, last = (
        status(updateTime=(ELEVEN + timedelta(seconds=part)).isoformat()) for part in (0.2, 0.8)
    )
    desk.accept(last)
    desk.accept(first)
    assert [state for _, state in desk.told()] == ["pending", "superseded"]
    assert found(desk, of_connector()) == last.event


def test_of_two_operators_with_one_connector_id_each_vendor_is_asked_of_its_own(desk: Desk) -> None:
    ours, other = status(), status(**ELSEWHERE)
    desk.route = lambda e: [CITY] if e.operator_id == "395815801" else ["mall"]
    desk.accept(ours, other)
    assert found(desk, of_connector()) == ours.event
    assert found(desk, of_connector(), "mall") == other.event


def test_of_two_operators_at_one_vendor_the_second_and_the_status_tell_them_apart(
    desk: Desk,
) -> None:
    ours, other, same = status(second=0), status(second=1, **ELSEWHERE), status(second=1, status=1)
    desk.accept(ours, other, same)
    assert found(desk, of_connector(0)) == ours.event
    assert found(desk, of_connector(1, status=3)) == other.event
    assert found(desk, of_connector(1, status=1)) == same.event


def test_only_what_the_vendor_is_told_is_found(desk: Desk) -> None:
    desk.accept(status(), record())
    assert found(desk, of_connector(), "mall") is None
    assert found(desk, of_record(), "mall") is None


def test_a_record_is_found_by_its_end_and_its_connector_or_device(desk: Desk) -> None:
    by_connector = record(1, **at(1))
    by_device = record(2, **at(1, connectorId=None, deviceId="D-1"))
    both = record(3, **at(2, connectorId="C-2", deviceId="C-1"))
    desk.accept(by_connector, by_device, both, status(second=1))
    assert found(desk, of_record(1)) == by_connector.event
    assert found(desk, of_record(1, "D-1")) == by_device.event
    assert found(desk, of_record(2, "C-2")) == both.event
    assert found(desk, of_record(2, "C-1")) is None
    assert found(desk, of_record(3)) is None


def test_an_event_is_found_again_by_what_the_platform_is_told_of_it(desk: Desk) -> None:
    told = [status("C-1", 5, status=255), record(7, **at(9, connectorId=None, deviceId="D-7"))]
    desk.accept(*told)
    assert [found(desk, about(a.event)) for a in told] == [a.event for a in told]


def test_a_copy_that_cannot_be_read_is_passed_over(desk: Desk) -> None:
    desk.accept(status(status=3))
    desk.accept(status(status=1))
    spoil(desk, 2)
    assert found(desk, of_connector()) == status(status=3).event


def test_a_connector_stands_where_its_newest_status_says(desk: Desk) -> None:
    desk.accept(status(second=1, stationId="S-9", equipmentId="E-1"))
    desk.accept(status(second=0, stationId="S-1"))
    assert place(desk) == {"operatorId": "395815801", "stationId": "S-9", "equipmentId": "E-1"}
    desk.accept(arrival(STATUS, connectorId="C-2", stationId=None))
    assert place(desk, "C-2") == {"operatorId": "395815801"}


def test_where_an_unknown_or_ambiguous_connector_stands_is_not_guessed(desk: Desk) -> None:
    assert place(desk) == {}
    desk.accept(status(), status(**ELSEWHERE))
    assert place(desk) == {}


def test_a_status_that_cannot_be_read_says_nothing_of_the_place(desk: Desk) -> None:
    desk.accept(status())
    spoil(desk, 1)
    assert place(desk) == {}


def spoil(desk: Desk, event_id: int) -> None:
    with writing(desk.engine) as connection:
        columns = tables.event.c
        connection.execute(update(tables.event).where(columns.id == event_id).values(body="{}"))
