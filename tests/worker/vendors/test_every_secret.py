"""What holds for the secrets of every system that is found."""

import logging
import re
import socket
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import FilePath, SecretStr, ValidationError

from config.logs import MaskingFormatter
from config.settings import Settings
from tests.worker.vendors.scripted import Script, make
from tests.worker.vendors.test_every_vendor import EXAMPLES, pack
from worker.callback import Called
from worker.callbacks.raw import Raw
from worker.exchange import NoAnswer
from worker.sender import line_to
from worker.vendor import VendorSettings
from worker.vendors import systems

every_system = pytest.mark.parametrize("name", sorted(systems()))
SECRET_NAME = re.compile(r"(^|_)(secret|token|key|password|pin|passphrase)$")


def fields(name: str) -> Mapping[str, Any]:
    return systems()[name].settings_type.model_fields


def filled(name: str, **changes: object) -> dict[str, object]:
    """The example's settings with a HIDDEN in every secret."""
    given = dict(EXAMPLES[name].settings)
    hidden = [key for key, field in fields(name).items() if field.annotation is SecretStr]
    return given | {key: f"HIDDEN-{number:010}" for number, key in enumerate(hidden)} | changes


@every_system
def test_what_is_called_a_secret_is_one(name: str) -> None:
    """A private key's setting is the path of its file."""
    called = {
        key: field.annotation for key, field in fields(name).items() if SECRET_NAME.search(key)
    }
    assert called
    for key, annotation in called.items():
        assert annotation in (SecretStr, FilePath.__origin__), key  # type: ignore[attr-defined]


@every_system
def test_no_secret_is_shown_by_settings_system_or_auth(name: str) -> None:
    system = make(name, filled(name))
    auth = system.auth(Script(list(EXAMPLES[name].token_answers)))  # type: ignore[arg-type]
    told = system.settings
    things = [told, told.model_dump(), system, vars(system), auth, system.tokens]
    shown = "".join([told.model_dump_json(), *map(repr, things), *map(str, things)])
    assert "HIDDEN" not in shown
    assert "hush" not in shown


@every_system
def test_a_fault_of_the_settings_repeats_no_value(name: str) -> None:
    model = systems()[name].settings_type
    faults: list[dict[str, object]] = [
        {"concurrency": "HIDDEN"},
        {"HIDDEN": "HIDDEN"},
        *({key: {"x": ["HIDDEN"]}} for key in fields(name)),
    ]
    for fault in faults:
        with pytest.raises(ValidationError) as caught:
            model.model_validate(filled(name) | fault)
        said = str(caught.value).replace("\nHIDDEN\n", "")  # the name of a key that is unknown
        assert "HIDDEN" not in said
        assert "input_value" not in said


@every_system
def test_the_traceback_of_a_request_that_fails_shows_no_secret(name: str) -> None:
    """As it is logged; the request is signed, by header or by query, and nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    urls = {key: url for key in EXAMPLES[name].settings if key.endswith("_url")}
    system = make(name, filled(name, **urls, private_address=True))
    auth = system.auth(Script(list(EXAMPLES[name].token_answers)))  # type: ignore[arg-type]
    http = line_to(system, Settings(_env_file=None))
    for kind in system.takes:
        with pytest.raises(NoAnswer) as caught:
            http.send(system.request(pack(system, kind)[:1]), auth)
        error = caught.value
        record = logging.makeLogRecord(
            {"msg": "it failed", "exc_info": (type(error), error, error.__traceback__)}
        )
        logged = MaskingFormatter().format(record)
        assert "ConnectionRefusedError" in logged
        assert not [word for word in ("HIDDEN", "hush") if word in logged]
        assert "HIDDEN" not in str(error)


def test_the_secrets_of_a_vendor_are_all_its_secret_settings() -> None:
    class Own(VendorSettings):
        key: SecretStr
        pin: SecretStr

    own = Own(base_url="https://x.example", key="HIDDEN", pin="12")  # type: ignore[arg-type]
    assert own.secrets == {"HIDDEN", "12"}


def test_what_a_caller_sent_is_not_shown() -> None:
    told = {"token": "HIDDEN"}
    raw = Raw("GET", "token=HIDDEN", {"signature": "HIDDEN"}, b"HIDDEN", "HIDDEN")
    at = datetime.now(UTC)
    called = Called("x", query=told, headers=told, fields=told, body=b"HIDDEN", received_at=at)
    assert "HIDDEN" not in repr(raw) + repr(called)
