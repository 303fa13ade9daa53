"""How a call of the platform is built from its arguments, and what its answer brings."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Protocol

import requests

from worker.exchange import Answer
from worker.operation import Arguments, Reply
from worker.outcomes import Accepted, Unclear
from worker.vendor import System
from worker.vendors.charging_station import answers
from worker.vendors.charging_station.arguments import CellRisk
from worker.vendors.charging_station.auth import OperatorAuth
from worker.vendors.charging_station.payloads import shanghai
from worker.vendors.charging_station.settings import ChargingStationSettings
from worker.wire import write_json

TOKEN_PATH = "/platform/management/operatorAPIToken"  # noqa: S105 a path
FIRST_REPORT = {"chargingMetaInfoId": None}

Platform = System[ChargingStationSettings]
Fields = dict[str, Any]


class Listed(Protocol):
    """Arguments that are a list."""

    @property
    def items(self) -> Sequence[Arguments]:
        """What is sent as a bare array."""


def told(system: Platform, arguments: Arguments) -> Fields:
    """The arguments in the document's names, without what was left out; operatorId is ours."""
    fields = arguments.model_dump(by_alias=True, exclude_none=True)
    free = fields.pop("fields", {})
    known = {n: shanghai(v) if isinstance(v, datetime) else v for n, v in fields.items()}
    return {"operatorId": system.settings.operator_id, **free, **known}


def in_body(
    method: str, path: str, **more: object
) -> Callable[[Platform, Arguments], requests.Request]:
    """The arguments as a JSON object; `more` where they do not say otherwise."""

    def request(system: Platform, arguments: Arguments) -> requests.Request:
        return _json(method, system.settings.url + path, more | told(system, arguments))

    return request


def in_query(method: str, path: str) -> Callable[[Platform, Arguments], requests.Request]:
    """The arguments in the query."""

    def request(system: Platform, arguments: Arguments) -> requests.Request:
        url = system.settings.url + path
        return requests.Request(method, url, params=told(system, arguments))

    return request


def as_array(path: str, **more: object) -> Callable[[Platform, Listed], requests.Request]:
    """The items as a bare array."""

    def request(system: Platform, arguments: Listed) -> requests.Request:
        items = [more | told(system, item) for item in arguments.items]
        return _json("POST", system.settings.url + path, items)

    return request


def risk(system: Platform, arguments: CellRisk) -> requests.Request:
    """A risk notice to the pile enterprise's own address.

    Raises:
        ValueError: the vendor has none.
    """
    if system.settings.risk_url is None:
        raise ValueError("the vendor's table in the vendors file names no risk_url")
    now = {"platformDatetime": shanghai(system.clock())}
    return _json("POST", str(system.settings.risk_url), now | told(system, arguments))


def token(system: Platform, arguments: Arguments) -> requests.Request:
    """The one call that is signed without a token, and therefore here."""
    headers = OperatorAuth(system.settings, system.clock).headers()
    return requests.Request("GET", system.settings.url + TOKEN_PATH, headers=headers)


def read(system: Platform, answer: Answer) -> Reply:
    """What the answer means, and its `data` if it is a success."""
    outcome = answers.meaning(answer)
    return Reply(outcome, answers.content(answer) if isinstance(outcome, Accepted) else None)


def read_token(system: Platform, answer: Answer) -> Reply:
    """The token stays out of sight: whoever reads it could call in our name."""
    outcome, brought = answers.meaning(answer), answers.token(answer)
    if not isinstance(outcome, Accepted):
        return Reply(outcome)
    if brought is None:
        return Reply(Unclear("no usable token in the answer", outcome.code))
    return Reply(outcome, {"token": f"*** ({len(brought)} characters)"})


def _json(method: str, url: str, content: object) -> requests.Request:
    return requests.Request(
        method,
        url,
        data=write_json(content).encode(),
        headers={"Content-Type": "application/json"},
    )
