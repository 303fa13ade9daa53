"""One `up` per data directory."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class DirectoryInUse(Exception):
    """Another `up` works in this data directory, or nothing can be written there."""


@contextmanager
def only_one(data_dir: Path) -> Iterator[None]:
    """Hold the directory; the system lets go of it when the process ends, however it ends.

    Raises:
        DirectoryInUse: says which directory and what to do.
    """
    path = data_dir / "lock"
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = path.open("a+")
    except OSError as error:
        raise DirectoryInUse(f"{path} cannot be written: {error.strerror}") from None
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            handle.seek(0)
            raise DirectoryInUse(
                f"{data_dir} is in use by process {handle.read().strip() or 'unknown'}: "
                "stop that one, or set RELAY_DATA_DIR to another directory"
            ) from None
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        yield
