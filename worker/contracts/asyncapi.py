"""An AsyncAPI document of the queues: three Redis lists, and the forms that an item may have."""

from typing import Any

from config.settings import Settings
from worker.contracts.forms import FORMS, Form
from worker.contracts.schemas import WRITTEN
from worker.events import MODELS, Kind

ABOUT = (
    "What a charging operator's systems put on Redis. Each kind of event has a list of its own; "
    "producers push to its left, ChargeRelay takes from its right. docs/publish.md shows how. "
    f"{WRITTEN}"
)
LOGIN = "The broker's AUTH, where it wants one; a producer needs LPUSH on the three lists alone."
NOT_READ = (
    "What cannot be read is kept as a reject with the reason, and shown by `chargerelay rejects`; "
    "it stops nothing."
)
NOTHING: dict[str, object] = {}  # AsyncAPI's binding for Redis has a name and no content yet


def document(settings: Settings) -> dict[str, Any]:
    """The whole document; limits and addresses are the settings'."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "ChargeRelay queues",
            "version": "1.0.0",
            "description": ABOUT,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {"broker": _server(settings)},
        "channels": {kind.value: _channel(kind, settings) for kind in Kind},
        "operations": {f"take-{kind}": _operation(kind) for kind in Kind},
        "components": {
            "messages": {
                f"{kind}-{name}": _message(kind, name, form)
                for kind in Kind
                for name, form in FORMS.items()
            },
            "securitySchemes": {"login": {"type": "userPassword", "description": LOGIN}},
        },
    }


def _server(settings: Settings) -> dict[str, Any]:
    return {
        "title": "RELAY_BROKER_URL",
        "description": "The Redis or Valkey that RELAY_BROKER_URL names; by default the embedded "
        "one of `make run`. rediss is Redis over TLS. Behind Sentinel, ask for the master.",
        "host": "{host}:{port}",
        "pathname": "/{database}",
        "protocol": "redis",
        "variables": {
            "host": {"default": "127.0.0.1"},
            "port": {"default": str(settings.embedded_port)},
            "database": {"default": "0"},
        },
        "security": [{"$ref": "#/components/securitySchemes/login"}],
        "bindings": {"redis": NOTHING},
    }


def _channel(kind: Kind, settings: Settings) -> dict[str, Any]:
    return {
        "address": kind.value,
        "title": f"The Redis list {kind}",
        "summary": str(MODELS[kind].__doc__),
        "description": f"LPUSH {kind} ITEM, which answers with the length of the list; an error "
        f"queues nothing. An item may have {settings.item_max_bytes} bytes "
        "(RELAY_ITEM_MAX_BYTES).",
        "servers": [{"$ref": "#/servers/broker"}],
        "messages": {name: {"$ref": f"#/components/messages/{kind}-{name}"} for name in FORMS},
        "bindings": {"redis": NOTHING},
        "x-redis": {"type": "list", "push": "LPUSH"},
    }


def _operation(kind: Kind) -> dict[str, Any]:
    return {
        "action": "receive",
        "title": f"Take {kind}",
        "summary": "ChargeRelay takes items in the order in which they were pushed.",
        "description": NOT_READ,
        "channel": {"$ref": f"#/channels/{kind}"},
        "messages": [{"$ref": f"#/channels/{kind}/messages/{name}"} for name in FORMS],
        "bindings": {"redis": NOTHING},
    }


def _message(kind: Kind, name: str, form: Form) -> dict[str, Any]:
    return {
        "name": f"{kind}-{name}",
        "title": f"{kind}, {name}",
        "summary": form.summary,
        "contentType": "application/json",
        "payload": form.schema(kind),
        "examples": [{"name": name, "payload": form.example(kind)}],
        "bindings": {"redis": NOTHING},
    }
