"""A city's platform as the tests of charging_station have it: settings, events and answers."""

from tests.worker.vendors.scripted import Clock, answer, body, make
from worker.events import Event, Kind, parse
from worker.exchange import Answer
from worker.vendor import System
from worker.vendors.charging_station import ChargingStation
from worker.vendors.charging_station.settings import ChargingStationSettings

BASE = "https://platform.example"
RISK_URL = "https://piles.example/risk"
SETTINGS = {"base_url": f"{BASE}/", "operator_id": "395815801", "secret": "s3cret-key"}

STATUS = {
    "operatorId": "our-own-name",
    "connectorId": "C-1",
    "equipmentId": "E-1",
    "status": 3,
    "updateTime": "2024-05-01 09:00:00",
}
RECORD = {
    "orderNo": "A-1001",
    "startTime": "2024-05-01 09:00:00",
    "endTime": "2024-05-01 11:00:00",
    "stationId": "S-001",
    "connectorId": "C-1",
}
SEQ = "395815801202405010900004013"
WARNING = {
    "warningId": "W-1",
    "riskLevel": "high",
    "occurredAt": "2024-05-01 09:00:00",
    "connectorId": "C-1",
    "riskReason": "烟雾",
}


def city(clock: Clock | None = None, **settings: object) -> System[ChargingStationSettings]:
    system = make("charging_station", SETTINGS | settings, clock)
    assert isinstance(system, ChargingStation)
    return system


def status(**changes: object) -> Event:
    return parse(Kind.CONNECTOR_STATUS, STATUS | changes)


def record(**changes: object) -> Event:
    return parse(Kind.CHARGE_RECORD, RECORD | changes)


def warning(**changes: object) -> Event:
    return parse(Kind.SAFETY_WARNING, WARNING | changes)


def told(event: Event, **settings: object) -> dict[str, object]:
    """The body that tells one event."""
    item = body(city(None, **settings).request([event]))
    assert isinstance(item, dict)
    return item


def success(data: object = "上报成功") -> Answer:
    return answer({"status": 200, "message": "请求成功!", "data": data})


def minus(message: str) -> Answer:
    return answer({"status": -1, "message": message, "data": message})
