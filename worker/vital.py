"""A worker's sign of health: a file that is fresh and says ok while the worker consumes."""

import logging
import re
import threading
from collections.abc import Callable
from pathlib import Path

log = logging.getLogger(__name__)

FOLDER = "health"


class Vital:
    """Writes the file every `every_s` seconds, from a thread of its own."""

    def __init__(
        self, folder: Path, node: str, faults: Callable[[], list[str]], *, every_s: float
    ) -> None:
        self.path = folder / FOLDER / re.sub(r"[^\w.@-]", "_", node)
        self._faults = faults
        self._every_s = every_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="health", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._thread.start()

    def stop(self) -> None:
        """Write no more, and leave no file that could be taken for a living worker's."""
        self._stopping.set()
        self._thread.join()
        self.path.unlink(missing_ok=True)

    def write(self) -> None:
        """Look once, and say how it stands: `ok`, or a line for each fault."""
        faults = self._faults()
        for fault in faults:
            log.error("standing still: %s", fault)
        fresh = self.path.with_suffix(".new")
        fresh.write_text("\n".join(faults or ["ok"]) + "\n", "utf-8")
        fresh.replace(self.path)

    def _run(self) -> None:
        while not self._stopping.wait(self._every_s):
            try:
                self.write()
            except Exception:
                log.exception("the health of this worker cannot be written")
