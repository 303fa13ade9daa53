"""A callback server that kills itself, once, at the worst moment.

python -m tests.worker.callbacks.mortal_server JOURNAL_URL before-commit | after-commit | never
Writes its port when it can be called. Its death is that of `kill -9`.
"""

import os
import signal
import socket
import sys
from datetime import UTC, datetime

import uvicorn
from sqlalchemy import event

from config.settings import Settings
from tests.worker.callbacks.served import make_vendors
from worker.callback import Refusal
from worker.callbacks.app import create_app
from worker.callbacks.door import Answered, Door
from worker.callbacks.raw import Raw
from worker.journal.engine import open_journal


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class DoorToDieAt(Door):
    """All is committed; the answer does not leave."""

    def answer(self, vendor: str, name: str, raw: Raw | Refusal) -> Answered:
        super().answer(vendor, name, raw)
        die()
        raise AssertionError("unreachable")


def main(journal_url: str, death: str) -> None:
    engine = open_journal(journal_url)
    kind = DoorToDieAt if death == "after-commit" else Door
    if death == "before-commit":
        event.listen(engine, "commit", die)
    door = kind(engine, make_vendors(), Settings(_env_file=None), clock=lambda: datetime.now(UTC))
    app = create_app(door, lambda: None, lambda: None)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        sys.stdout.write(f"{listening.getsockname()[1]}\n")
        sys.stdout.flush()
        uvicorn.Server(uvicorn.Config(app, log_config=None)).run(sockets=[listening])


if __name__ == "__main__":
    main(*sys.argv[1:])
