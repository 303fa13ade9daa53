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
from sandbox.vendors import ConfigError, read_vendors


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until interrupted or terminated; returns the exit code."""
    options = _options(arguments)
    try:
        asyncio.run(_serve(read_vendors(options.config), options.host, options.port))
    except ConfigError as error:
        return _fail(str(error))
    except OSError as error:
        where = f"port {options.port} on {options.host}"
        if error.errno == errno.EADDRINUSE:
            return _fail(f"{where} is already in use; choose another with --port")
        return _fail(f"{where} cannot be opened: {error.strerror or error}")
    return 0


async def _serve(vendors: Mapping[str, Played], host: str, port: int) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    await serve_until(stop, vendors, host, port, _announce)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="sandbox", description="Plays the vendors' systems.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=7381, help="0 takes any free port")
    parser.add_argument("--config", type=Path, help="JSON file with the vendors to play")
    return parser.parse_args(arguments)


def _announce(url: str) -> None:
    print(f"sandbox listening on {url}", flush=True)  # noqa: T201 - for whoever started it


def _fail(sentence: str) -> int:
    print(f"sandbox: {sentence}", file=sys.stderr)  # noqa: T201 - for whoever started it
    return 1


if __name__ == "__main__":
    sys.exit(main())
