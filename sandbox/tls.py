"""The second port of the sandbox: TLS, and only for callers with a certificate."""

import ssl
from pathlib import Path
from typing import NamedTuple


class Tls(NamedTuple):
    """Where TLS is served and with what."""

    port: int
    context: ssl.SSLContext


class TlsError(ValueError):
    """TLS cannot be served; the message says why."""


def mutual(port: int, cert: Path, key: Path, client_ca: Path) -> Tls:
    """TLS that shows `cert` and demands a client certificate signed by `client_ca` (all PEM).

    Raises:
        TlsError: a file cannot be read or is not what it should be.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.verify_mode = ssl.CERT_REQUIRED
    try:
        context.load_cert_chain(cert, key)
    except OSError as error:
        raise TlsError(f"{cert} with {key} cannot be used: {error.strerror or error}") from error
    try:
        context.load_verify_locations(client_ca)
    except OSError as error:
        raise TlsError(f"{client_ca} cannot be used: {error.strerror or error}") from error
    return Tls(port, context)
