"""Certificates for tests, made by the `openssl` command: each signs itself."""

import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Certificate:
    """A certificate and its private key, PEM."""

    cert: Path
    key: Path

    @property
    def pair(self) -> tuple[str, str]:
        """Both, as requests takes them."""
        return str(self.cert), str(self.key)


def make(folder: Path, name: str, of: str = "IP:127.0.0.1") -> Certificate:
    """A certificate that signs itself, for this host, two days long."""
    made = Certificate(folder / f"{name}.pem", folder / f"{name}.key")
    command = [
        *("openssl", "req", "-x509", "-nodes", "-days", "2", "-subj", f"/CN={name}"),
        *("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
        *("-addext", f"subjectAltName={of}"),
        *("-keyout", str(made.key), "-out", str(made.cert)),
    ]
    subprocess.run(command, check=True, capture_output=True)
    return made
