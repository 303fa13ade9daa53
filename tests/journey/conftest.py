"""A relay under test, once on SQLite and once on PostgreSQL, with two sandbox vendors."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.journey.relay import ROOT, Relay
from tests.sandbox.callers import Control, listening_url

GARAGE = {"system": "parkpot", "port_name": "acme", "park_id": "3302122004", "key": "sandbox-key"}
CITY = {"system": "charging_station", "operator_id": "395815801", "secret": "sandbox-secret"}


@pytest.fixture(scope="session")
def played() -> Iterator[str]:
    """The URL of a sandbox that all journeys share; each starts it clean."""
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", "--port", "0"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    yield listening_url(process)
    process.terminate()
    process.communicate()


@pytest.fixture
def garage(played: str) -> Iterator[Control]:
    """The control of the parking gate."""
    control = Control(played, "mall-garage")
    control.clean()
    yield control
    control.clean()
    control.session.close()


@pytest.fixture
def city(played: str) -> Iterator[Control]:
    """The control of the city platform."""
    control = Control(played, "city-platform")
    control.clean()
    yield control
    control.clean()
    control.session.close()


@pytest.fixture
def relay(
    tmp_path: Path, valkey_url: str, journal_url: str, played: str, garage: Control, city: Control
) -> Iterator[Relay]:
    """A relay with nothing started yet."""
    vendors = {
        "mall-garage": {**GARAGE, "base_url": f"{played}/mall-garage"},
        "city-platform": {**CITY, "base_url": f"{played}/city-platform"},
    }
    relay = Relay(tmp_path, valkey_url, journal_url, vendors)
    yield relay
    relay.close()


@pytest.fixture
def only(relay: Relay, played: str) -> Callable[..., Relay]:
    """Narrows the relay to one vendor, with further settings of its table."""

    def narrow(vendor: str, **table: object) -> Relay:
        own = {"mall-garage": GARAGE, "city-platform": CITY}[vendor]
        relay.write_vendors({vendor: {**own, "base_url": f"{played}/{vendor}", **table}})
        return relay

    return narrow
