"""The callback server killed while a vendor calls: what it answered is durable."""

import threading
from datetime import UTC, datetime

import requests
from sqlalchemy import select

from tests.chaos.cell import Cell
from tests.chaos.load import WARNING
from tests.chaos.servers import until
from tests.chaos.stage import CITY, Stage
from tests.worker.callbacks.platform_caller import risk, signed
from worker.journal import tables

GROUP = "callback server"
CALLS = 60


class Platform:
    """Raises risks one after the other; knows which were answered with success."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.answered: set[str] = set()
        self.unanswered: set[str] = set()
        self.stopping = threading.Event()
        self._thread = threading.Thread(target=self._call_on, daemon=True)

    def start(self) -> None:
        """Begin to call."""
        self._thread.start()

    def stop(self) -> None:
        """End with the call under way."""
        self.stopping.set()
        self._thread.join()

    def _call_on(self) -> None:
        number = 0
        while not self.stopping.wait(0.01):
            number += 1
            self._raise(f"P-{number:05d}")

    def _raise(self, cell: str) -> None:
        headers = signed(datetime.now(UTC), secret=CITY["secret"], token=cell)
        url = f"{self.address}/callbacks/city-platform/cell-risk"
        try:
            answer = requests.post(url, json=risk(cellId=cell), headers=headers, timeout=5)
        except requests.RequestException:
            self.unanswered.add(cell)
            return
        taken = answer.status_code == 200 and answer.json()["status"] == 200
        (self.answered if taken else self.unanswered).add(cell)


def killed(stage: Stage) -> None:
    """SIGKILL while the platform raises risks; started again on the same port."""
    stage.begin()
    platform = Platform(stage.relay.start_callbacks())
    platform.start()
    until(lambda: len(platform.answered) > CALLS, "calls are answered")
    stage.kill(stage.relay.processes[-1])
    until(lambda: platform.unanswered, "a call finds nobody")
    stage.healed()
    stage.callbacks_again()
    before = len(platform.answered)
    until(lambda: len(platform.answered) > before + CALLS, "calls are answered again")
    platform.stop()
    stage.producer.publish(stage.size)
    until(lambda: platform.answered <= _known(stage), "what was answered has arrived")
    known = _known(stage)
    stage.producer.book.aside[WARNING] += len(known)
    lost = platform.answered - known
    stage.notes.append(f"{len(platform.answered)} risks answered, {len(lost)} lost")
    stage.faults += [f"{cell} was answered and is lost" for cell in sorted(lost)]


def _known(stage: Stage) -> set[str]:
    """The cells of the warnings in the journal that a vendor has raised."""
    event = tables.event.c
    bodies = stage.relay.rows(select(event.subject, event.body).where(event.kind == WARNING))
    return {f"P-{body.partition('P-')[2][:5]}" for _, body in bodies if "P-" in body}


CELLS = [Cell("SIGKILL while a vendor calls", GROUP, killed)]
