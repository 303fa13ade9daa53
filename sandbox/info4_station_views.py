"""How document 002 shows a station: in a list, in full, and among the ones a user has saved."""

from collections.abc import Mapping

from sandbox.info4_stations import Station

_NORMAL_USE = 50
_PUBLIC = 1


def _both(station: Station) -> dict[str, object]:
    return {
        "operatorId": station.operator_id,
        "stationId": station.station_id,
        "stationName": station.name,
        "stationTel": "4008000000",
        "serviceTel": "4008000001",
        "address": station.address,
        "areaCode": station.area_code,
        "stationType": _PUBLIC,
        "stationStatus": _NORMAL_USE,
        "busineHours": "00:00~24:00",
        "parkInfo": "地面停车场",
        "parkFee": "5元/小时",
        "statType": "默认",
        "statStatus": "公共",
        "stationFlag": "A",
        "sort": 1,
        "bespeakCharge": "1",
        "bespeakPark": "0",
    }


def listed(station: Station, body: Mapping[str, object]) -> dict[str, object]:
    """The station in the result of queryStationNew; numbers are numbers here."""
    shown = _both(station) | station.free_and_total()
    shown |= {
        "siteGuide": "",
        "lowPrice": "1.00",
        "countryCode": "CN",
        "construction": 9,
        "payment": "线上支付",
        "serviceFee": "0.40",
        "electricityFee": "0.60",
        "stationLng": station.lng,
        "stationLat": station.lat,
        "distance": None,
    }
    if body.get("lng") and body.get("lat"):
        shown["distance"] = station.distance_km(str(body["lng"]), str(body["lat"]))
    return shown


def in_full(station: Station, body: Mapping[str, object]) -> dict[str, object]:
    """The station in the result of queryStation/info; numbers are mostly text here."""
    prices = {"electricityFee": "0.6000", "serviceFee": "0.4000", "equipmentType": 0}
    shown = _both(station) | _as_text(station.free_and_total())
    shown |= {
        "pictures": ["https://pictures.example/1.jpg"],
        "stationLng": str(station.lng),
        "stationLat": str(station.lat),
        "costItem": [{"time": "00:00~23:59", **prices}],
        "equipmentInfoItem": [
            one.shown_equipment(one.shown_in_station()) for one in station.connectors
        ],
        "parkFeeFree": "0",
        "articleTitle": "",
        "carOwnerFlag": "1",
        "idleFeeDetail": "",
        "internalUse": "0",
        "stationTypeFlag": "商场",
        "parkType": "后桩",
    }
    if body.get("lng") and body.get("lat"):
        shown["distance"] = str(station.distance_km(str(body["lng"]), str(body["lat"])))
    return shown


def saved(station: Station) -> dict[str, object]:
    """What the list of saved stations tells of a station that is known."""
    return {
        "address": station.address,
        "stationLng": str(station.lng),
        "stationLat": str(station.lat),
        "stationFlag": "A",
        "stationName": station.name,
        **_as_text(station.free_and_total()),
    }


def _as_text(counts: Mapping[str, int]) -> dict[str, str]:
    return {name: str(count) for name, count in counts.items()}
