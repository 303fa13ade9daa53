"""A pile maker's cloud as the tests of wanzhuang have it: settings, answers, and what was sent."""

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests

from tests.worker.vendors.scripted import NOON, Clock, answer, make
from worker.exchange import Answer
from worker.operation import Reply
from worker.vendor import System
from worker.vendors.wanzhuang.settings import WanzhuangSettings

BASE = "https://dev-api-open.wanzhuangkj.com"
SECONDS = int(NOON.timestamp())
SETTINGS = {
    "base_url": f"{BASE}/",
    "app_id": "app-1",
    "app_secret": "k-001",
    "devices": ["18000001"],
    "operator_id": "395815801",
    "station_id": "S-1",
}


def cloud(clock: Clock | None = None, **settings: object) -> System[WanzhuangSettings]:
    return make("wanzhuang", SETTINGS | settings, clock)


def success(data: object = None, **more: object) -> Answer:
    return answer({"code": 1, "message": "success", "data": data, "timestamp": SECONDS} | more)


def query(request: requests.PreparedRequest) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(str(request.url)).query, keep_blank_values=True)


def body(request: requests.PreparedRequest) -> Any:  # noqa: ANN401 any JSON
    return json.loads(request.body or b"")


def asked(name: str, given: dict[str, object]) -> requests.PreparedRequest:
    """The unsigned request of an operation."""
    operation = cloud().operations[name]
    request = operation.request(cloud(), operation.arguments.model_validate(given))
    assert request.method == operation.method
    return request.prepare()


def replied(name: str, given: Answer) -> Reply:
    return cloud().operations[name].read(cloud(), given)
