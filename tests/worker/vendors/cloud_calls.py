"""Calls of the pile cloud as the tests of its callbacks have them, signed by hand."""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tests.worker.vendors.cloud import SECONDS, cloud
from tests.worker.vendors.scripted import NOON
from worker.callback import Called, Heard, Meaning
from worker.events import Event, parse

TOKEN = "Hush-token_of-the-URL"
BEGUN = {"state": "0", "device_num": "18000001", "device_port": "1", "charge_id": "123"}
FINISHED = {
    "device_num": "18000001",
    "device_port": "1",
    "charge_id": "123",
    "end_reason": "2",
    "pay_used": "250",
    "time_used": "3600",
    "eq_used": "12",
    "start_time": str(SECONDS - 3600),
    "end_time": str(SECONDS),
}


def called(form: Mapping[str, object], token: str | None = None, at: datetime = NOON) -> Called:
    query = {} if token is None else {"token": token}
    return Called("called", query, {}, form, b"", at)


def by_hmac(form: Mapping[str, str], secret: str = "k-001") -> str:
    text = "&".join(f"{name}={form[name]}" for name in sorted(form) if form[name])
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def signed(form: Mapping[str, str], at_s: int = SECONDS, app_id: str = "app-1") -> dict[str, str]:
    proven = {**form, "app_id": app_id, "timestamp": str(at_s)}
    return {**proven, "sign": by_hmac(proven)}


def admit(name: str, call: Called, **settings: object) -> str | None:
    system = cloud(**settings)
    return system.callbacks[name].admit(system, call)


def take(
    name: str,
    given: Mapping[str, object],
    before: Mapping[tuple[str, str], datetime] | None = None,
    **settings: object,
) -> Meaning:
    system = cloud(**settings)
    callback = system.callbacks[name]
    heard = Heard(NOON, lambda *which: (before or {}).get(which))
    return callback.take(system, callback.arguments.model_validate(given), heard)


def events(meaning: Meaning) -> list[Any]:
    """The events as the queue's reader has them."""
    return [parse(kind, content) for kind, content in meaning.events]


def record(meaning: Meaning) -> Any:  # noqa: ANN401 a ChargeRecord with what it has beside
    found: Event = events(meaning)[0]
    return found
