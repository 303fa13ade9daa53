"""Events as tests give them; each is a good one but for what a test changes."""

from datetime import UTC, datetime, timedelta
from typing import Any

from worker.events import Event, Kind, parse
from worker.journal.accept import Arrival
from worker.wire import write_json

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)

STATUS = {
    "operatorId": "395815801",
    "connectorId": "C-1",
    "stationId": "S-1",
    "status": 3,
    "updateTime": "2024-05-01T11:00:00Z",
}
RECORD = {
    "orderNo": "A-1",
    "operatorId": "395815801",
    "startTime": "2024-05-01T10:00:00Z",
    "endTime": "2024-05-01T11:00:00Z",
    "stationId": "S-1",
    "connectorId": "C-1",
    "totalMoney": "12.30",
}
WARNING = {"warningId": "W-1", "riskLevel": "high", "occurredAt": "2024-05-01T11:00:00Z"}
GIVEN = {
    Kind.CONNECTOR_STATUS: STATUS,
    Kind.CHARGE_RECORD: RECORD,
    Kind.SAFETY_WARNING: WARNING,
}


def event(kind: Kind, **changes: object) -> Event:
    return parse(kind, GIVEN[kind] | changes)


def arrival(kind: Kind, **changes: object) -> Arrival:
    given: dict[str, Any] = GIVEN[kind] | changes
    return Arrival(parse(kind, given), write_json(given))


def status(connector: str = "C-1", second: int = 0, **changes: object) -> Arrival:
    """What a connector said so many seconds after eleven."""
    at = datetime(2024, 5, 1, 11, tzinfo=UTC) + timedelta(seconds=second)
    said = {"connectorId": connector, "updateTime": at.isoformat()}
    return arrival(Kind.CONNECTOR_STATUS, **said | changes)


def record(number: int = 1, **changes: object) -> Arrival:
    return arrival(Kind.CHARGE_RECORD, **{"orderNo": f"A-{number}"} | changes)


def warning(number: int = 1, **changes: object) -> Arrival:
    return arrival(Kind.SAFETY_WARNING, **{"warningId": f"W-{number}"} | changes)
