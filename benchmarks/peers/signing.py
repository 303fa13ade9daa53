"""How documents 004 and 000 want a call to be signed."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

KEY = "bench-key"
OPERATOR = "395815801"
SECRET = "bench-secret"
SHANGHAI = ZoneInfo("Asia/Shanghai")


def signed(event: Mapping[str, str]) -> dict[str, str]:
    """A record's call to a parking gate (document 004, section 2.2)."""
    body = {
        "portName": "acme",
        "parkId": "3302122004",
        "orderNo": event["orderNo"],
        "plateNo": event["plateNo"],
        "startTime": event["startTime"],
        "endTime": event["endTime"],
        "stationId": event["stationId"],
        "stationName": event["stationId"],
        "deviceId": event["deviceId"],
        "deviceName": event["deviceId"],
        "spaceNo": "",
        "power": event["power"],
        "elecMoney": "",
        "seviceMoney": "",
        "totalMoney": event["totalMoney"],
    }
    return body | {"sign": sign(body)}


def sign(body: Mapping[str, str]) -> str:
    """Upper-case MD5 of the sorted pairs that are not empty (document 004, section 2.1)."""
    pairs = "&".join(f"{n}={body[n]}" for n in sorted(body) if body[n] and n != "sign")
    return hashlib.md5(f"{pairs}&key={KEY}".encode()).hexdigest().upper()


def headers(token: str | None = None) -> dict[str, str]:
    """The headers of a call to the city's platform (document 000); the token call has none."""
    told = {"Datetime": f"{datetime.now(SHANGHAI):%Y-%m-%d %H:%M:%S}", "OperatorId": OPERATOR}
    if token is not None:
        told["Token"] = token
    lines = "\n".join(f"{name.lower()}: {value}" for name, value in told.items())
    digest = hmac.new(SECRET.encode(), lines.encode(), hashlib.sha256).digest()
    return told | {"Signature": base64.b64encode(digest).decode()}


def metering(event: Mapping[str, object]) -> dict[str, object]:
    """A status as the city's platform wants it (document 000, 上报充电口实时信息)."""
    return {
        "operatorId": OPERATOR,
        "cellId": event["connectorId"],
        "equipmentId": event["equipmentId"],
        "chargingMetaInfoId": None,
        "updateDatetime": event["updateTime"],
        "cellStatus": event["status"],
        "doorStatus": 0,
        "errorCode": 1000,
        "current": float(str(event["current"])),
        "voltage": float(str(event["voltage"])),
        "power": float(str(event["power"])),
        "quantity": 0.0,
        "envTemperature": 0.0,
        "cirTemperature": 0.0,
    }
