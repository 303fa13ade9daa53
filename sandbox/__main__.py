"""Starts the sandbox from a terminal: `python -m sandbox`."""

import argparse
import asyncio
import errno
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from sandbox.played import Played
from sandbox.server import serve_until
from sandbox.tls import Tls, TlsError, mutual
from sandbox.vendors import ConfigError, read_vendors


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until interrupted or terminated; returns the exit code."""
    options = _options(arguments)
    try:
        vendors, tls = read_vendors(options.config), _tls(options)
        asyncio.run(_serve(vendors, options.host, options.port, tls))
    except (ConfigError, TlsError) as error:
        return _fail(str(error))
    except OverflowError:
        return _fail("a port is a number from 0 to 65535")
    except OSError as error:
        if options.tls_port is None:
            where, option = f"port {options.port} on {options.host}", "--port"
        else:
            where = f"port {options.port} or {options.tls_port} on {options.host}"
            option = "--port or --tls-port"
        if error.errno == errno.EADDRINUSE:
            return _fail(f"{where} is already in use; choose another with {option}")
        return _fail(f"{where} cannot be opened: {error.strerror or error}")
    return 0


async def _serve(vendors: Mapping[str, Played], host: str, port: int, tls: Tls | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    await serve_until(stop, vendors, host, port, _announce, tls)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="sandbox", description="Plays the vendors' systems.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=7381, help="0 takes any free port")
    parser.add_argument("--config", type=Path, help="JSON file with the vendors to play")
    tls = parser.add_argument_group("TLS", "a second port, only for callers with a certificate")
    tls.add_argument("--tls-port", type=int, help="0 takes any free port")
    tls.add_argument("--tls-cert", type=Path, help="the certificate to show, PEM")
    tls.add_argument("--tls-key", type=Path, help="its private key, PEM")
    tls.add_argument("--tls-client-ca", type=Path, help="who signs the callers' certificates, PEM")
    return parser.parse_args(arguments)


def _tls(options: argparse.Namespace) -> Tls | None:
    told = (options.tls_port, options.tls_cert, options.tls_key, options.tls_client_ca)
    if all(one is None for one in told):
        return None
    if any(one is None for one in told):
        raise TlsError("--tls-port, --tls-cert, --tls-key and --tls-client-ca go together")
    return mutual(*told)


def _announce(url: str) -> None:
    print(f"sandbox listening on {url}", flush=True)  # noqa: T201 - for whoever started it


def _fail(sentence: str) -> int:
    print(f"sandbox: {sentence}", file=sys.stderr)  # noqa: T201 - for whoever started it
    return 1


if __name__ == "__main__":
    sys.exit(main())
