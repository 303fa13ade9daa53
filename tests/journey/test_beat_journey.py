"""The clock says that it lives, and is believed no longer than it does."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journey.relay import Relay, until


@pytest.fixture
def relay(tmp_path: Path, valkey_url: str, sqlite_url: str) -> Iterator[Relay]:
    relay = Relay(tmp_path, valkey_url, sqlite_url, {})
    yield relay
    relay.close()


def test_beats_file_is_touched_while_it_looks_and_gone_once_it_ends(relay: Relay) -> None:
    beat = relay.start_beat()
    sign = relay.folder / "health" / "beat"
    until(sign.exists, "beat says that it lives")
    assert sign.read_text() == "ok\n"
    os.utime(sign, (0, 0))
    until(lambda: sign.stat().st_mtime > 0, "beat looks again")

    beat.send_signal(signal.SIGSTOP)
    until(lambda: "T" in Path(f"/proc/{beat.pid}/stat").read_text().split()[2], "it stands still")
    os.utime(sign, (0, 0))
    assert sign.stat().st_mtime == 0
    beat.send_signal(signal.SIGCONT)
    until(lambda: sign.stat().st_mtime > 0, "beat goes on")

    assert relay.stop(beat) == 0
    assert not sign.exists()
