"""The public charging stations of document 002 as they are known in the sandbox.

Two stations of two operators; a reserved connector has status 4 until it is free again.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

RESERVED, IDLE = "4", "1"
_KM_A_DEGREE = 111.2


@dataclass(slots=True)
class Connector:
    """One connector; it is its own piece of equipment."""

    connector_id: str
    fast: bool
    status: str = IDLE
    lock_status: int = 50

    def shown(self) -> dict[str, object]:
        """The connector as the document shows it."""
        return {
            "connectorId": self.connector_id,
            "connectorName": f"充电桩{self.connector_id[-3:]}",
            "chargeType": "1" if self.fast else "0",
            "voltageUpperLimits": "600" if self.fast else "253",
            "voltageLowerLimits": "380" if self.fast else "187",
            "ratedCurrent": "200" if self.fast else "32",
            "power": "120.0" if self.fast else "7.0",
            "nationalStandard": "2" if self.fast else "1",
            "status": self.status,
            "parkinglockFlag": "1",
            "lockStatus": str(self.lock_status),
            "parkNo": "",
        }

    def shown_in_station(self) -> dict[str, object]:
        """The connector among all of a station's, where the document types the lock as numbers."""
        lock = {"parkinglockFlag": 1, "lockStatus": self.lock_status}
        return self.shown() | lock | {"idpUserId": None, "preFlag": None}

    def shown_equipment(self, connector: dict[str, object]) -> dict[str, object]:
        """The equipment around the connector, which is shown like this."""
        return {
            "equipmentId": self.connector_id,
            "equipmentName": self.connector_id[-3:],
            "power": "120.0" if self.fast else "7.0",
            "connectorInfoItem": [connector],
        }


@dataclass(slots=True)
class Station:
    """One station of an operator."""

    operator_id: str
    station_id: str
    name: str
    address: str
    area_code: str
    lng: float
    lat: float
    connectors: list[Connector]

    def free_and_total(self) -> dict[str, int]:
        """How many connectors there are and how many of them are free."""
        fast = [one for one in self.connectors if one.fast]
        slow = [one for one in self.connectors if not one.fast]
        return {
            "fastChargingFree": sum(one.status == IDLE for one in fast),
            "fastChargingTotal": len(fast),
            "slowChargingFree": sum(one.status == IDLE for one in slow),
            "slowChargingTotal": len(slow),
        }

    def distance_km(self, lng: str, lat: str) -> float | None:
        """How far away that is, or None when it is no place."""
        try:
            east, north = float(lng) - self.lng, float(lat) - self.lat
        except ValueError:
            return None
        away = math.hypot(east * math.cos(math.radians(self.lat)), north) * _KM_A_DEGREE
        return round(away, 2) if math.isfinite(away) else None


def made() -> list[Station]:
    """The stations at the start; the connector of the first reservations is reserved."""
    slow = [Connector(f"370212024441{number}", fast=False) for number in range(10)]
    slow[2].status = RESERVED
    fast = [Connector(f"123498850{number}", fast=True) for number in range(4)]
    return [
        Station(
            *("395815801", "3702120244", "浦东金桥充电站", "上海市浦东新区申江路1500号", "310100"),
            *(121.6089, 31.2575, slow),
        ),
        Station(
            *("313744932", "444", "海口秀英充电站", "海口市秀英区海榆路1号", "460100"),
            *(110.348592, 20.007624, fast),
        ),
    ]


class Stations:
    """All stations."""

    def __init__(self) -> None:
        """Begin with the stations as they are made."""
        self.restart()

    def restart(self) -> None:
        """Let all stations be as at the start."""
        self._stations = made()

    def __iter__(self) -> Iterator[Station]:
        return iter(self._stations)

    def find(self, operator_id: object, station_id: object) -> Station | None:
        """The station of an operator, or None."""
        known = (one for one in self if one.operator_id == operator_id)
        return next((one for one in known if one.station_id == station_id), None)

    def connector(self, operator_id: object, connector_id: object) -> Connector | None:
        """The connector of an operator, or None."""
        known = (one for station in self.of(operator_id) for one in station.connectors)
        return next((one for one in known if one.connector_id == connector_id), None)

    def of(self, operator_id: object) -> list[Station]:
        """The stations of an operator."""
        return [one for one in self if one.operator_id == operator_id]

    def matching(self, body: Mapping[str, object]) -> list[Station]:
        """The stations that a list query asks for."""
        words, area = str(body.get("keyWords") or ""), body.get("areaCode")
        wanted = body.get("stationList")
        pairs = {
            (one["operatorId"], station_id)
            for one in (wanted if isinstance(wanted, list) else [])
            for station_id in one["stationIds"]
        }
        return [
            one
            for one in self
            if (not words or words in one.name or words in one.address)
            and (not area or area == one.area_code)
            and (not pairs or (one.operator_id, one.station_id) in pairs)
        ]
