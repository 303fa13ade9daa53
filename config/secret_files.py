"""Settings and vendors' secrets from files, one each, as Docker and systemd give them."""

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, SecretsSettingsSource

DEFAULT = Path("/run/secrets")
OF_VENDORS = "vendors"


class SecretFiles(SecretsSettingsSource):
    """The last source: `relay_broker_password` in `secrets_dir` for RELAY_BROKER_PASSWORD."""

    def __init__(self, settings: type[BaseSettings]) -> None:
        super().__init__(settings, DEFAULT)

    def __call__(self) -> dict[str, Any]:
        """What the files say; nothing where there is no such directory."""
        self.secrets_dir = Path(self.current_state.get("secrets_dir") or DEFAULT)
        return super().__call__() if self.secrets_dir.is_dir() else {}

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """One file's text.

        An empty one is a secret that was never written; taken as none it would open a door.

        Raises:
            ValueError: it is empty, no file, or cannot be read.
        """
        where = f"{self.secrets_dir}/{self.env_prefix}{field_name}".lower()
        try:
            with warnings.catch_warnings(action="error"):  # a secret that is passed over is missing
                found = super().get_field_value(field, field_name)
        except UserWarning as warning:
            raise ValueError(f"{where}: {warning}") from None
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "not UTF-8"
            raise ValueError(f"{where} cannot be read: {reason}") from None
        if found[0] == "":
            raise ValueError(f"{where} is empty")
        return found


def of_vendor(name: str, environment: Mapping[str, str], folder: Path) -> str | None:
    """A secret that the vendors file names: a variable, or else a file of its name; None: neither.

    Raises:
        OSError, UnicodeDecodeError: the file cannot be read.
    """
    if given := environment.get(name):
        return given
    for place in (folder / OF_VENDORS, folder):
        for path in (place / name, place / name.lower()):
            if path.is_file():
                return path.read_text("utf-8").strip() or None
    return None
