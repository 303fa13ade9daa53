"""Which systems can be played and which vendors are, from the defaults or a JSON file."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

from sandbox.charging_station import ChargingStation
from sandbox.parkpot import Parkpot
from sandbox.pile_admin import PileAdmin
from sandbox.played import Played
from sandbox.received import Received
from sandbox.sgm_info4 import SgmInfo4
from sandbox.system import System
from sandbox.wanzhuang import Wanzhuang

SYSTEMS: Mapping[str, type[System]] = {
    "charging_station": ChargingStation,
    "parkpot": Parkpot,
    "pile_admin": PileAdmin,
    "sgm_info4": SgmInfo4,
    "wanzhuang": Wanzhuang,
}

DEFAULT_VENDORS: Mapping[str, Mapping[str, object]] = {
    "city-platform": {"system": "charging_station"},
    "mall-garage": {"system": "parkpot"},
    "car-maker": {"system": "sgm_info4"},
    "own-piles": {"system": "pile_admin"},
    "pile-cloud": {"system": "wanzhuang"},
}

_CALLED: Mapping[type, str] = {
    bool: "true or false",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "an object",
}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class ConfigError(ValueError):
    """The vendors cannot be played; the message says why."""


def read_vendors(file: Path | None) -> dict[str, Played]:
    """The vendors of a config file, by name; None means the default ones.

    Raises:
        ConfigError: the file cannot be read or says something that cannot be played.
    """
    if file is None:
        return play(DEFAULT_VENDORS)
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ConfigError(f"{file} is not JSON: {error}") from error
    vendors = content.get("vendors") if isinstance(content, dict) else None
    if not isinstance(vendors, dict) or not vendors:
        raise ConfigError(f'{file} must be {{"vendors": {{"<name>": {{"system": …}}}}}}')
    return play(vendors)


def play(vendors: Mapping[str, object]) -> dict[str, Played]:
    """Vendors by name from their settings; a setting that is left out has its default."""
    return {name: _play_one(name, settings) for name, settings in vendors.items()}


def _play_one(name: str, settings: object) -> Played:
    if not _NAME.fullmatch(name):
        raise ConfigError(f"vendor {name!r}: a name is letters, digits, dots and dashes")
    if not isinstance(settings, dict) or settings.get("system") not in SYSTEMS:
        raise ConfigError(f"vendor {name}: system must be one of {', '.join(SYSTEMS)}")
    system_name = settings["system"]
    system_type = SYSTEMS[system_name]
    received = Received()
    try:
        system = system_type(received, **_filled(name, settings, system_type.settings))
    except ValueError as error:
        raise ConfigError(f"vendor {name}: {error}") from error
    return Played(name, system_name, system, received)


def _filled(
    name: str, given: Mapping[str, object], defaults: Mapping[str, object]
) -> dict[str, object]:
    unknown = given.keys() - defaults.keys() - {"system"}
    if unknown:
        raise ConfigError(f"vendor {name}: unknown settings {', '.join(sorted(unknown))}")
    filled = {setting: given.get(setting, default) for setting, default in defaults.items()}
    for setting, value in filled.items():
        expected = type(defaults[setting])
        if expected is float and type(value) is int:
            continue
        if type(value) is not expected:
            raise ConfigError(f"vendor {name}: {setting} must be {_CALLED[expected]}")
    return filled
