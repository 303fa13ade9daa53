"""The console's login where nobody has set one: made once, kept in the data directory."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from config import logins
from config.doors import LEAST_CHARS

FILE = "console.login"


def login(data_dir: Path) -> str:
    """NAME:PASSWORD, as RELAY_CONSOLE_LOGINS has it; only the owner may read its file."""
    path = data_dir / FILE
    with suppress(OSError, ValueError):  # none yet, or somebody has spoilt it
        kept = path.read_text("utf-8").strip()
        if logins.read(kept, least_chars=LEAST_CHARS):
            return kept
    made = f"operator:{secrets.token_urlsafe(12)}"
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(f"{made}\n")
    return made
