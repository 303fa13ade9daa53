"""The OpenAPI document of the callback server, with a vendor of every system that calls."""

import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import HttpUrl
from redis import Redis
from sqlalchemy import create_engine

import config
from config.settings import Settings
from worker.callbacks.app import create_app
from worker.callbacks.door import Door
from worker.roster import AnySystem
from worker.tokens import Tokens
from worker.vendor import VendorSettings
from worker.vendors import systems

EXAMPLE = Path(config.__file__).parent / "vendors.example.toml"
NAMED = (
    "The vendors are those of config/vendors.example.toml; in a deployment a path has the "
    "vendor's own name. A running server has its own document at /openapi.json, and a page of it "
    "at /docs. Written by `make docs`; do not edit."
)
AT = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)


def document(settings: Settings) -> dict[str, Any]:
    """What the server itself gives at /openapi.json, for the vendors of vendors.example.toml."""
    door = Door(create_engine("sqlite://"), _vendors(), settings)
    app = create_app(door, lambda: None, lambda: None)
    made = app.openapi()
    about = {"description": f"{made['info']['description']} {NAMED}"}
    server = {"url": settings.callbacks_base, "description": "RELAY_CALLBACKS_URL"}
    return made | {"info": made["info"] | about, "servers": [server]}


def _vendors() -> dict[str, AnySystem]:
    """Of the example's vendors those that call; nothing is asked of them but how they answer."""
    tables = tomllib.loads(EXAMPLE.read_text("utf-8"))["vendors"]
    known, tokens = systems(), Tokens(Redis())
    return {
        name: system(name, _settings(system, table), tokens, lambda: AT)
        for name, table in tables.items()
        for system in [known[table["system"]]]
        if system.callbacks
    }


def _settings(system: type[AnySystem], table: Mapping[str, str]) -> VendorSettings:
    return system.settings_type.model_construct(base_url=HttpUrl(table["base_url"]))
