"""Reservations of public connectors, document 002: made (1), completed (2) or cancelled (3).

A completed or cancelled reservation stays so; being told the same again changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

MADE, COMPLETED, CANCELLED = 1, 2, 3
_SHANGHAI = timezone(timedelta(hours=8))


@dataclass(slots=True)
class Reservation:
    """One reservation."""

    pre_num: str
    brand_id: str
    source: str
    operator_id: str
    station_id: str
    connector_id: str
    user_id: str
    created_at: datetime
    remark: str | None = None
    status: int = MADE
    cancel_reason: str | None = None

    def may_become(self, status: int) -> bool:
        """Whether its status may be changed to this one."""
        return self.status in {MADE, status}

    def shown(self, place: Mapping[str, object]) -> dict[str, object]:
        """The reservation as the document shows it; `place` tells of its station."""
        at = self.created_at.astimezone(_SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
        return {
            "preNum": self.pre_num,
            "status": self.status,
            "source": self.source,
            "brandId": self.brand_id,
            "operatorId": self.operator_id,
            "stationId": self.station_id,
            "equipmentId": self.connector_id,
            "equipmentName": self.connector_id[-3:],
            "connectorId": self.connector_id,
            "connectorName": self.connector_id[-3:],
            **place,
            "userId": self.user_id,
            "cancelType": "1" if self.status == CANCELLED else None,
            "remark": self.remark,
            "cancelReason": self.cancel_reason,
            "createTime": at,
            "updateTime": at,
        }


class Reservations:
    """All reservations by number; two are there from the start."""

    def __init__(self, brand_id: str, user_id: str) -> None:
        """Begin with the two that the document shows, of this brand and user."""
        self._brand_id = brand_id
        self._user_id = user_id
        self.restart()

    def restart(self) -> None:
        """Forget all but the two of the start."""
        self._made = 100
        self._by_number: dict[str, Reservation] = {}
        for last in ("09", "13"):
            self.add(f"NPOE211228000000{last}", "3702120244412")

    def add(self, pre_num: str, connector_id: str) -> Reservation:
        """A reservation of this number, or the one that has it already."""
        if found := self.find(pre_num):
            return found
        where = ("395815801", "3702120244", connector_id)
        return self._keep(pre_num, self._brand_id, "XAPP", where)

    def create(self, body: Mapping[str, object]) -> Reservation:
        """A new reservation, as a request body asks for it."""
        self._made += 1
        pre_num = f"NPOE{datetime.now(_SHANGHAI):%y%m%d}{self._made:08}"
        where = (str(body["operatorId"]), str(body["stationId"]), str(body["connectorId"]))
        made = self._keep(pre_num, str(body["brandId"]), str(body["source"]), where)
        made.remark = None if body.get("remark") is None else str(body["remark"])
        return made

    def _keep(
        self, pre_num: str, brand_id: str, source: str, where: tuple[str, str, str]
    ) -> Reservation:
        now = datetime.now(UTC)
        made = Reservation(pre_num, brand_id, source, *where, self._user_id, now)
        self._by_number[pre_num] = made
        return made

    def find(self, pre_num: object) -> Reservation | None:
        """The reservation of this number."""
        return self._by_number.get(str(pre_num))

    def matching(self, body: Mapping[str, object]) -> list[Reservation]:
        """The reservations that a query asks for, newest first."""
        wanted = {
            name: str(body[field])
            for name, field in _ASKED_BY.items()
            if body.get(field) not in {None, ""}
        }
        return [
            one
            for one in reversed(self._by_number.values())
            if all(str(getattr(one, name)) == value for name, value in wanted.items())
        ]


_ASKED_BY = {
    "brand_id": "brandId",
    "source": "source",
    "operator_id": "operatorId",
    "pre_num": "preNum",
    "status": "status",
}
