"""The processes that `up` starts: each with a log of its own, ended in order by their own pid."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PR_SET_PDEATHSIG = 1
TAIL_LINES = 12


class ChildDied(Exception):
    """A process that should run has ended; the message holds the end of its log."""


@dataclass(slots=True)
class Child:
    """A started process."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    stop_within_s: float


class Children:
    """Started in order, stopped in the opposite order."""

    def __init__(self, log_dir: Path) -> None:
        self._log_dir = log_dir
        self._children: list[Child] = []
        log_dir.mkdir(parents=True, exist_ok=True)

    def start(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str] | None = None,
        *,
        stop_within_s: float = 10,
    ) -> Child:
        """Start a process in a session of its own, so that a Ctrl-C reaches only us."""
        path = self._log_dir / f"{name}.log"
        with path.open("ab") as log:
            process = subprocess.Popen(  # noqa: S603 our own commands
                command,
                env={**os.environ, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_end_with_the_parent,
            )
        child = Child(name, process, path, stop_within_s)
        self._children.append(child)
        return child

    def check(self) -> None:
        """Look whether all still run.

        Raises:
            ChildDied: one does not.
        """
        for child in self._children:
            code = child.process.poll()
            if code is not None:
                end = f"the end of {child.log}:\n{_tail(child.log)}"
                raise ChildDied(f"{child.name} has ended with {code}; {end}")

    def stop(self) -> None:
        """End all, the last started first; one that does not end in time is killed."""
        while self._children:
            child = self._children.pop()
            if child.process.poll() is None:
                child.process.send_signal(signal.SIGTERM)
                try:
                    child.process.wait(child.stop_within_s)
                except subprocess.TimeoutExpired:
                    child.process.kill()
                    child.process.wait()


def _end_with_the_parent() -> None:
    """Linux ends the child when we are killed; elsewhere it would have to be ended by hand."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _tail(path: Path) -> str:
    try:
        lines = path.read_text("utf-8", "replace").splitlines()
    except OSError:
        return ""
    return "\n".join(f"  {line}" for line in lines[-TAIL_LINES:])


def wait_until(ready: Callable[[], bool], children: Children, *, seconds: float) -> bool:
    """Ask again and again while all children run; False when the time is up."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        children.check()
        if ready():
            return True
        time.sleep(0.05)
    return False
