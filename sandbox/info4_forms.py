"""What the calls of document 002 take, table by table.

The document types a status as a number and shows it as text; either is taken. It types brandId as
text and lists 1 Buick, 2 Cadillac, 3 Chevrolet, 4 Ultium, 5 PATAC.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sandbox.fields import Form, any_text, flag, integer, list_of, object_like, one_of, text
from sandbox.info4_answers import Refusal

_BRAND = one_of("1", "2", "3", "4", "5")
_STATUS = one_of(1, 2, 3, "1", "2", "3")
_VEHICLE_BRAND = one_of("BUICK", "CHEVY", "CADILLAC", "CADILLAC_IQ")


def _uuid(value: object) -> str | None:
    return text(value) or (None if len(str(value)) == 32 else "应为32位字符")


def _counting(value: object) -> str | None:
    return integer(value) or (None if int(str(value)) >= 1 else "应从1开始")


def _lng_with_lat(body: Mapping[str, object]) -> Refusal | None:
    together = bool(body.get("lng")) == bool(body.get("lat"))
    return None if together else Refusal("6002", "lng和lat同时传或者同时不传")


@dataclass(frozen=True, slots=True)
class Table:
    """The request table of one call."""

    form: Form
    more: Callable[[Mapping[str, object]], Refusal | None] = lambda body: None

    def refusal(self, body: Mapping[str, object]) -> Refusal | None:
        """What is missing or wrong in a body, or None."""
        for name in self.form.required:
            if body.get(name) is None or body[name] == "":
                return Refusal("6002", name)
        if complaint := self.form.complaint(body):
            return Refusal("4001", complaint)
        return self.more(body)


_STATIONS_OF = Form(
    required={"operatorId": text, "stationIds": list_of(text)},
    optional={},
)
_FILTER = Form(required={"filterAttr": text, "filterValue": list_of(text)}, optional={})
_SAVED_STATION = Form(
    required={
        "operatorId": text,
        "stationId": text,
        "stationSaved": flag,
        "lastUpdateTime": integer,
    },
    optional={},
)
_STATION_LIST_TEXTS = (
    *("areaCode", "lat", "lng", "keyWords", "stationFlag", "distance"),
    *("stationType", "from", "size", "stationStatus", "isParkFeeFree"),
)

CREATE_ORDER = Table(Form({"uuid": _uuid, "sidTag": one_of("SD", "HQ")}, {}))
QUERY_ORDER = Table(Form({"uuid": _uuid, "cusOrderId": text}, {}))
CHANGE_RESERVATION = Table(Form({"preNum": text, "status": _STATUS}, {"cancelReason": any_text}))
LIST_STATIONS = Table(
    Form(
        required={},
        optional={
            **dict.fromkeys(_STATION_LIST_TEXTS, any_text),
            "stationList": list_of(object_like(_STATIONS_OF)),
            "filterList": list_of(object_like(_FILTER)),
        },
    )
)
CREATE_RESERVATION = Table(
    Form(
        required={
            "operatorId": text,
            "stationId": text,
            "connectorId": text,
            "brandId": _BRAND,
            "source": text,
        },
        optional={"remark": any_text},
    )
)
UNLOCK = Table(
    Form(
        required={
            "operatorId": text,
            "connectorId": text,
            "brandId": _BRAND,
            "source": one_of("APP", "WEAPP", "CARAPP"),
        },
        optional={},
    )
)
SAVE_STATIONS = Table(
    Form(
        required={
            "vehicleBrand": _VEHICLE_BRAND,
            "channel": one_of("CSM", "MOBILE"),
            "updateType": one_of("INCREMENT", "FULL"),
            "savedStations": list_of(object_like(_SAVED_STATION)),
        },
        optional={},
    )
)
LIST_SAVED = Table(
    Form({"vehicleBrand": _VEHICLE_BRAND, "pageSize": _counting, "pageNum": _counting}, {})
)
QUERY_RESERVATIONS = Table(
    Form(
        required={"brandId": _BRAND},
        optional={
            **dict.fromkeys(("source", "operatorId", "preNum"), any_text),
            "status": _STATUS,
            "pageNum": _counting,
            "pageSize": _counting,
        },
    )
)
EQUIPMENT = Table(Form({}, dict.fromkeys(("operatorId", "stationId", "equipmentId"), any_text)))
STATION = Table(
    Form({"operatorId": text, "stationId": text}, {"lng": any_text, "lat": any_text}),
    _lng_with_lat,
)
FEATURES = Table(Form({"vin": text}, {"features": list_of(text)}))
