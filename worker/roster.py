"""The vendors of this deployment: the vendors file, checked whole before anything starts."""

import logging
import os
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import HttpUrl, SecretStr, ValidationError

from config import secret_files
from config.logs import never_show
from config.settings import Settings
from worker.addresses import leads_inside
from worker.events import Event, Kind
from worker.outcomes import OnUnclear
from worker.tokens import Tokens
from worker.vendor import System, Takes, VendorSettings
from worker.vendors import systems

Lane = tuple[str, Kind]
Named = Callable[[str], str | None]
log = logging.getLogger(__name__)

VARIABLE = re.compile(r"\$\{(\w+)\}")
AnySystem = System[Any]


class RosterError(Exception):
    """The vendors file cannot be used; the message names every fault, one a line."""


class Roster:
    """The configured vendors, by name, and who is told of what."""

    def __init__(self, vendors: Mapping[str, AnySystem]) -> None:
        self.vendors = dict(vendors)
        self._by_kind: dict[Kind, list[AnySystem]] = {
            kind: [vendor for vendor in vendors.values() if kind in vendor.kinds()] for kind in Kind
        }

    def route(self, event: Event) -> list[str]:
        """The vendors that take this event."""
        return [
            system.vendor
            for system in self._by_kind[event.kind]
            if _covers(system.settings.stations, event.station_id)
            and _covers(system.settings.operators, event.operator_id)
            and _wanted(system, event)
        ]

    def lanes(self) -> list[Lane]:
        """Every lane there can be."""
        return [(s.vendor, kind) for kind in Kind for s in self._by_kind[kind]]

    def tell_all(self) -> frozenset[str]:
        """The vendors for which every status is an occurrence, not only the newest."""
        takers = self._by_kind[Kind.CONNECTOR_STATUS]
        return frozenset(s.vendor for s in takers if not s.takes[Kind.CONNECTOR_STATUS].newest_only)

    def takes(self) -> dict[Lane, Takes]:
        """How each lane's system takes it."""
        return {(name, kind): self.vendors[name].takes[kind] for name, kind in self.lanes()}

    def unclear_rules(self) -> dict[Lane, OnUnclear]:
        """What an unclear report leads to, by lane."""
        return {(name, kind): self.vendors[name].unclear_rule(kind) for name, kind in self.lanes()}


def _wanted(system: AnySystem, event: Event) -> bool:
    """A system that stumbles over an event is asked for the request, which is then refused."""
    try:
        return system.wants(event)
    except Exception:
        log.exception("%s cannot say whether it wants a %s", system.vendor, event.kind)
        return True


def _covers(wanted: Sequence[str], given: str | None) -> bool:
    return "*" in wanted or given in wanted


def load(settings: Settings, tokens: Tokens, environment: Mapping[str, str] = os.environ) -> Roster:
    """Read and check the whole vendors file.

    Raises:
        RosterError: names every vendor, key and what was expected of it, at once.
    """
    path = settings.vendors_file
    if path is None:
        raise RosterError(
            "no vendors file: set RELAY_VENDORS_FILE (config/vendors.example.toml is a beginning)"
        )
    secret = partial(secret_files.of_vendor, environment=environment, folder=settings.secrets_dir)
    faults: list[str] = []
    vendors: dict[str, AnySystem] = {}
    for name, table in _tables(path).items():
        try:
            vendors[name] = _vendor(name, table, settings, tokens, secret)
        except _Faults as error:
            faults += [f"{path}: [vendors.{name}] {fault}" for fault in error.faults]
    if faults:
        raise RosterError("\n".join(faults))
    for name, system in vendors.items():
        never_show(name, system.settings.secrets)
    return Roster(vendors)


class _Faults(Exception):
    def __init__(self, *faults: str) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


def _tables(path: Path) -> Mapping[str, object]:
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise RosterError(f"{path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RosterError(f"{path}: not TOML: {error}") from None
    vendors = content.get("vendors")
    if not isinstance(vendors, Mapping) or not vendors:
        raise RosterError(f"{path}: no [vendors.NAME] table")
    return vendors


def _vendor(
    name: str,
    table: object,
    settings: Settings,
    tokens: Tokens,
    secret: Named,
) -> AnySystem:
    if not isinstance(table, Mapping):
        raise _Faults("expected a table")
    if not name.replace("-", "").replace("_", "").isalnum() or not name.isascii() or len(name) > 64:
        raise _Faults("a vendor's name has letters, digits, - and _, at most 64")
    known = systems()
    system = known.get(str(table.get("system")))
    if system is None:
        raise _Faults(f"system: expected one of {', '.join(sorted(known))}")
    given = {key: value for key, value in table.items() if key != "system"}
    faults = [f"{key}: given both here and in a file" for key in given if f"{key}_file" in given]
    filled = {
        key.removesuffix("_file") if _is_secret_file(system, key) else key: _fill(
            key, value, secret, faults, read=_is_secret_file(system, key)
        )
        for key, value in given.items()
    }
    try:
        own = system.settings_type.model_validate(filled)
    except ValidationError as error:
        faults += [f"{_where(e['loc'])}: {_plain(e['msg'])}" for e in error.errors()]
        raise _Faults(*faults) from None
    faults += _check(system, own, settings)
    if faults:
        raise _Faults(*faults)
    return system(name, own, tokens)


def _check(system: type[AnySystem], own: VendorSettings, settings: Settings) -> list[str]:
    faults = []
    if own.takes is not None and (more := own.takes - set(system.takes)):
        can = ", ".join(sorted(system.takes)) or "nothing"
        faults.append(f"takes: {', '.join(sorted(more))}, but {system.name} takes {can}")
    if own.timeout_s is not None:
        try:
            settings.check_lease(own.timeout_s, "timeout_s")
        except ValueError as error:
            faults.append(f"timeout_s: {error}")
    faults += [
        f"{key}: {url.host} is not a public address; private_address = true allows it"
        for key, url in own
        if isinstance(url, HttpUrl) and not own.private_address and leads_inside(str(url.host))
    ]
    faults += [
        f"on_unclear: {system.name} offers no look-up of a {kind}; expected resend or hold"
        for kind, takes in system.takes.items()
        if _rule(own, kind) is OnUnclear.VERIFY and not takes.look_up
    ]
    return faults


def _rule(own: VendorSettings, kind: Kind) -> OnUnclear | None:
    return own.on_unclear.get(kind) if isinstance(own.on_unclear, Mapping) else own.on_unclear


def _is_secret_file(system: type[AnySystem], key: str) -> bool:
    field = system.settings_type.model_fields.get(key.removesuffix("_file"))
    return key.endswith("_file") and field is not None and field.annotation is SecretStr


def _fill(key: str, value: object, secret: Named, faults: list[str], *, read: bool) -> object:
    """Put in what the environment or a secret's file holds."""
    if not isinstance(value, str):
        return value
    found = {name: _named(key, name, secret, faults) for name in VARIABLE.findall(value)}
    value = VARIABLE.sub(lambda match: found[match[1]], value)
    if not read:
        return value
    try:
        return Path(value).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        faults.append(f"{key}: {value} cannot be read: {getattr(error, 'strerror', error)}")
        return "missing"


def _named(key: str, name: str, secret: Named, faults: list[str]) -> str:
    try:
        found = secret(name)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", error)
        faults.append(f"{key}: the file of {name} cannot be read: {reason}")
        return "missing"
    if found is None:
        faults.append(f"{key}: the environment has no {name}, nor has RELAY_SECRETS_DIR")
    return found or "missing"


def _where(loc: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in loc)


def _plain(message: str) -> str:
    return message.removeprefix("Value error, ").replace(
        "Extra inputs are not permitted", "unknown key"
    )
