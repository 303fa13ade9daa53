"""Processes that end with what started them, each by its own id."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parents[1]
OURS = sys.executable
PEERS = str(ROOT / ".venv-peers" / "bin" / "python")
ARQ = str(ROOT / ".venv-peers-arq" / "bin" / "python")
GONE_WITHIN_S = 10


class Failed(Exception):
    """A process ended with an error; the message ends with what it said last."""


class Processes:
    """Those of one measurement; their output goes to one file."""

    def __init__(self, folder: Path) -> None:
        self._log = folder / "output.log"
        self._started: list[subprocess.Popen[Any]] = []

    def start(self, command: list[str], **environment: str) -> subprocess.Popen[Any]:
        """Start one in the project's root."""
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                command, cwd=ROOT, env={**os.environ, **environment}, stdout=log, stderr=log
            )
        self._started.append(process)
        return process

    def run(self, command: list[str], limit_s: float, **environment: str) -> None:
        """Start one and wait for its end.

        Raises:
            Failed: it ended with an error.
            subprocess.TimeoutExpired: it did not end in time.
        """
        if self.start(command, **environment).wait(limit_s):
            raise Failed(f"{' '.join(command[:5])} failed: {self.said()}")

    def check(self) -> None:
        """Nothing is waited for that cannot come any more.

        Raises:
            Failed: one of them has ended with an error.
        """
        for process in self._started:
            if process.poll():
                raise Failed(f"ended with {process.returncode}: {self.said()}")

    def said(self) -> str:
        """The end of what they wrote."""
        text = self._log.read_text("utf-8", "replace") if self._log.exists() else ""
        return text[-1000:].strip()

    def end(self) -> None:
        """End them and what they started; their data are thrown away, so no goodbye is needed."""
        for process in reversed(self._started):
            end(process)


def end(process: subprocess.Popen[Any]) -> None:
    """End a process of ours and its children."""
    family = _held(process.pid)
    for member in family:
        _kill(member)
    process.wait()
    psutil.wait_procs(family, timeout=GONE_WITHIN_S)


def peak_mb(process: subprocess.Popen[Any]) -> float:
    """The most memory that a process has held at one time (VmHWM), in MB."""
    for line in Path(f"/proc/{process.pid}/status").read_text("utf-8").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise Failed("the process is gone")


def _held(pid: int) -> list[psutil.Process]:
    """It, suspended so that it starts no more of them, and its children."""
    try:
        parent = psutil.Process(pid)
        parent.suspend()
        return [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _kill(process: psutil.Process) -> None:
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return
