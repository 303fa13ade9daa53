"""The systems: one module each, found by looking into this folder."""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from worker.vendor import System


@cache
def systems() -> Mapping[str, type[System[Any]]]:
    """Every system by its name, which is also its module's: what the module calls `SYSTEM`."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    found = {name: importlib.import_module(f"{__name__}.{name}").SYSTEM for name in names}
    return MappingProxyType(found)
