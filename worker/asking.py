"""Asking a vendor for what it knows, as the one worker of all that is at it."""

import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import requests
from redis.lock import Lock

from config.settings import Settings
from worker.exchange import Answer, Http
from worker.pace import Pace
from worker.sender import Sender
from worker.vendor import System


class Stopping(Exception):
    """This worker ends; what was not asked is asked by another one, or later."""


class Asker:
    """Signs and sends for a vendor, at its rate, while this worker holds the lock."""

    def __init__(
        self,
        system: System[Any],
        http: Http,
        settings: Settings,
        at_it: Lock,
        *,
        stopping: threading.Event,
        clock: Callable[[], datetime],
    ) -> None:
        pace = Pace(system.settings.rate_per_s, clock=time.monotonic, sleep=stopping.wait)
        self._sender = Sender(system, http, pace, clock=clock, keep_bytes=settings.body_keep_bytes)
        self._at_it = at_it
        self._stopping = stopping

    def hold(self) -> None:
        """Keep the lock for another while.

        Raises:
            Stopping: this worker ends.
            LockError: another worker is at it by now.
        """
        if self._stopping.is_set():
            raise Stopping("this worker is stopping")
        self._at_it.reacquire()

    def send(self, request: requests.Request) -> Answer:
        """One request.

        Raises:
            CannotSign, NoAnswer: as for `Sender.ask`.
            Stopping, LockError: as for `hold`.
        """
        self.hold()
        return self._sender.ask(request)
