"""A small file system that can be filled to the last byte."""

import os
import subprocess
from pathlib import Path

from tests.chaos.cell import NotRun

MEGABYTES = 160
BLOCK = b"\0" * 4096


class Disk:
    """A tmpfs of its own; only root may mount one."""

    def __init__(self, folder: Path) -> None:
        if os.geteuid() != 0:
            raise NotRun("needs root to mount a small file system")
        folder.mkdir(parents=True)
        self.folder = folder
        self._filler = folder / "filler"
        command = [
            "mount",
            "-t",
            "tmpfs",
            "-o",
            f"size={MEGABYTES}m,mode=755",
            "tmpfs",
            str(folder),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise NotRun(f"a small file system cannot be mounted here: {done.stderr.strip()}")

    def fill(self) -> None:
        """Leave nothing."""
        with self._filler.open("wb", buffering=0) as filler:
            try:
                while filler.write(BLOCK):
                    pass
            except OSError:
                return

    def make_room(self) -> None:
        """Take the filler away."""
        self._filler.unlink()

    def close(self) -> None:
        """Unmount it."""
        subprocess.run(["umount", "--lazy", str(self.folder)], capture_output=True, check=False)
