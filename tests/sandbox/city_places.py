"""Stations, equipment and cells as an operator tells them to the city platform, document 000."""

from tests.sandbox.callers import OPERATOR_ID, Body

KEYS = {"station": "stationId", "equipment": "equipmentId", "cell": "cellId"}


def path(kind: str) -> str:
    """Where this kind of place is told."""
    return f"/platform/management/{kind}"


def station(**changes: object) -> Body:
    """A station that is right, but for the changes; None takes a field away."""
    texts = ("equipmentOwnerId", "stationName", "areaCode", "district", "street", "community")
    texts += ("village", "address", "serviceTel", "electricityFee", "serviceFee")
    codes = ("stationType", "stationStatus", "chargingNums", "feeType")
    codes += ("canopy", "camera", "smokeSensation", "fireControl")
    body: Body = {"stationId": "S-1", "operatorId": OPERATOR_ID}
    body |= dict.fromkeys(texts, "text") | dict.fromkeys(codes, 1)
    body |= {"stationLng": 121.608912, "stationLat": 31.25}
    body |= {"createDate": "2024-01-01", "operationDate": "2024-02-01"}
    return _without_none(body | changes)


def equipment(**changes: object) -> Body:
    """Equipment of that station that is right, but for the changes."""
    texts = ("equipmentName", "manufacturerBrand", "equipmentModel", "manufacturerId")
    body: Body = {"equipmentId": "E-1", "stationId": "S-1", "operatorId": OPERATOR_ID}
    body |= dict.fromkeys(texts, "text")
    body |= dict.fromkeys(("equipmentType", "equipmentCategory", "camera"), 1)
    body |= {"validateConnectorCount": 2, "ratedVoltage": 220, "ratedCurrent": 16.5}
    body |= {"ratedPower": 3.5, "equipmentLng": 121.608912, "equipmentLat": 31.25}
    body |= {"productionDate": "2024-01-01", "operationDate": "2024-02-01"}
    return _without_none(body | changes)


def cell(**changes: object) -> Body:
    """A cell of that equipment that is right, but for the changes."""
    body: Body = {
        "cellId": "C-1",
        "equipmentId": "E-1",
        "operatorId": OPERATOR_ID,
        "cellType": 5,
        "cellStandard": "GB/T 20234",
        "ratedVoltageUpperLimit": 29,
        "ratedVoltageLowerLimit": 19.5,
        "ratedCurrent": 55,
        "ratedPower": 81,
        "electricityFee": "0.60",
        "serviceFee": "0.40",
        "fireControl": 1,
        "smokeSensation": 3,
    }
    return _without_none(body | changes)


def _without_none(body: Body) -> Body:
    return {name: value for name, value in body.items() if value is not None}
