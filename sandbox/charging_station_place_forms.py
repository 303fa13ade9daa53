"""Stations, equipment and cells of document 000, field by field.

The seed prints the cell; the fields of stations and equipment are those of the same document's
other pages, whose lists of codes are not all known: there a whole number is all that is asked.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.fields import Check, Form, integer, number, one_of, text

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_KNOWN_OR_NOT = one_of(1, 2, 3)
"""1 yes, 2 no, 3 unknown."""


def _date(value: object) -> str | None:
    return text(value) or (None if _DATE.fullmatch(str(value)) else "格式应为yyyy-MM-dd")


@dataclass(frozen=True, slots=True)
class PlaceKind:
    """One kind of place: where it is told, its id, what it belongs to, and its other fields."""

    kind: str
    path: str
    key: str
    fields: Mapping[str, Check]
    parent: "PlaceKind | None" = None

    @property
    def parent_key(self) -> str | None:
        """The field that names what it belongs to."""
        return self.parent.key if self.parent else None

    @property
    def new(self) -> Form:
        """Every field must be there."""
        return Form(required={**self._named, **self.fields}, optional={})

    @property
    def change(self) -> Form:
        """Beside the ids a field that is left out or null stays as it is."""
        return Form(required={self.key: text, "operatorId": text}, optional=self._rest)

    @property
    def _named(self) -> Mapping[str, Check]:
        names = (self.key, *([self.parent_key] if self.parent_key else []), "operatorId")
        return dict.fromkeys(names, text)

    @property
    def _rest(self) -> Mapping[str, Check]:
        return {**({self.parent_key: text} if self.parent_key else {}), **self.fields}


STATION = PlaceKind(
    "station",
    "/platform/management/station",
    "stationId",
    {
        **dict.fromkeys(
            (
                *("equipmentOwnerId", "stationName", "areaCode", "district", "street"),
                *("community", "village", "address", "serviceTel"),
            ),
            text,
        ),
        **dict.fromkeys(("stationType", "stationStatus", "chargingNums", "feeType"), integer),
        **dict.fromkeys(("canopy", "camera", "smokeSensation", "fireControl"), _KNOWN_OR_NOT),
        **dict.fromkeys(("stationLng", "stationLat"), number(6)),
        **dict.fromkeys(("electricityFee", "serviceFee"), text),
        **dict.fromkeys(("createDate", "operationDate"), _date),
    },
)
EQUIPMENT = PlaceKind(
    "equipment",
    "/platform/management/equipment",
    "equipmentId",
    {
        **dict.fromkeys(
            ("equipmentName", "manufacturerBrand", "equipmentModel", "manufacturerId"), text
        ),
        **dict.fromkeys(("equipmentType", "equipmentCategory"), one_of(1, 2, 3)),
        "validateConnectorCount": integer,
        **dict.fromkeys(("ratedVoltage", "ratedCurrent", "ratedPower"), number(1)),
        **dict.fromkeys(("equipmentLng", "equipmentLat"), number(6)),
        **dict.fromkeys(("productionDate", "operationDate"), _date),
        "camera": _KNOWN_OR_NOT,
    },
    STATION,
)
CELL = PlaceKind(
    "cell",
    "/platform/management/cell",
    "cellId",
    {
        "cellType": one_of(1, 2, 3, 4, 5),
        "cellStandard": text,
        **dict.fromkeys(
            ("ratedVoltageUpperLimit", "ratedVoltageLowerLimit", "ratedCurrent", "ratedPower"),
            number(1),
        ),
        "electricityFee": text,
        "serviceFee": text,
        "fireControl": _KNOWN_OR_NOT,
        "smokeSensation": _KNOWN_OR_NOT,
    },
    EQUIPMENT,
)
PLACES = (STATION, EQUIPMENT, CELL)
