"""What this worker process holds: its deployment and its courier, made once, after any fork."""

import os
import threading
from collections.abc import Callable
from functools import cached_property

from config.settings import Settings
from worker.courier import Courier
from worker.deployment import Deployment
from worker.events import Kind

Ring = Callable[[str, Kind], None]


class Process:
    """The parts of one process, each opened on first use."""

    def __init__(self, settings: Settings, ring: Ring) -> None:
        self.deployment = Deployment(settings)
        self._ring = ring

    @cached_property
    def courier(self) -> Courier:
        """Delivers this process's lanes.

        Raises:
            RosterError: the vendors file cannot be used.
            NoTraces: spans are wanted and cannot be written.
        """
        parts = self.deployment
        return Courier(
            parts.settings,
            parts.engine,
            parts.redis,
            parts.roster,
            self._ring,
            clock=parts.clock,
            traces=parts.traces,
        )


class Processes:
    """Gives each process its own parts: connections do not survive a fork."""

    def __init__(self, settings: Settings, ring: Ring) -> None:
        self._settings = settings
        self._ring = ring
        self._lock = threading.Lock()
        self._made: dict[int, Process] = {}

    def current(self) -> Process:
        """This process's parts."""
        with self._lock:
            return self._made.setdefault(os.getpid(), Process(self._settings, self._ring))
