"""The document of the callbacks: every call of every system, as the server itself tells it."""

import tomllib
from pathlib import Path
from typing import Any

import config
from config.settings import Settings
from worker.contracts.openapi import document
from worker.vendors import systems

SETTINGS = Settings.model_construct()
DOCUMENT = document(SETTINGS)
VENDORS = tomllib.loads((Path(config.__file__).parent / "vendors.example.toml").read_text("utf-8"))[
    "vendors"
]


def test_every_callback_of_every_system_is_in_it() -> None:
    expected = {
        f"/callbacks/{vendor}/{name}"
        for vendor, table in VENDORS.items()
        for name in systems()[table["system"]].callbacks
    }
    assert {path for path in DOCUMENT["paths"] if path.startswith("/callbacks/")} == expected
    calling = {name for name, system in systems().items() if system.callbacks}
    assert calling <= {table["system"] for table in VENDORS.values()}


def test_it_is_the_same_at_any_time_and_names_the_default_address() -> None:
    assert document(SETTINGS) == DOCUMENT
    assert DOCUMENT["servers"][0]["url"] == "http://127.0.0.1:7380"


def test_it_says_what_shows_that_a_call_is_the_vendors() -> None:
    about: dict[str, Any] = {tag["name"]: tag["description"] for tag in DOCUMENT["tags"]}
    assert "four headers" in about["city-platform"]
    assert "token in the URL" in about["pile-cloud"]


def test_it_names_the_other_ends_of_a_path() -> None:
    [operation] = DOCUMENT["paths"]["/callbacks/pile-cloud/finish-order"].values()
    assert "finish_order" in operation["description"]
