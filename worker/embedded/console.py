"""The console's login where nobody has set one: made once, kept in the data directory."""

import os
import secrets
from pathlib import Path

from config import logins

FILE = "console.login"


def login(data_dir: Path) -> str:
    """NAME:PASSWORD, as RELAY_CONSOLE_LOGINS has it; only the owner may read its file."""
    path = data_dir / FILE
    try:
        kept = path.read_text("utf-8").strip()
        if logins.read(kept):
            return kept
    except (OSError, ValueError):
        pass  # none yet, or somebody has spoilt it
    made = f"operator:{secrets.token_urlsafe(12)}"
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(f"{made}\n")
    return made
