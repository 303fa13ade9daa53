"""The address of a broker behind Sentinel: who knows the master, and how one logs in to it."""

from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import quote, unquote, urlsplit

SCHEME = "sentinel://"
PORT = 26379


@dataclass(frozen=True, slots=True)
class Sentinels:
    """What the address says; login and database are the master's.

    Attributes:
        hosts: host and port of each sentinel.
    """

    hosts: tuple[tuple[str, int], ...]
    username: str
    password: str = field(repr=False)
    db: int

    @property
    def url(self) -> str:
        """As kombu reads it, every part complete: it takes login and database from any of them."""
        login = f"{quote(self.username, safe='')}:{quote(self.password, safe='')}@"
        return self._joined("" if login == ":@" else login, f"/{self.db}")

    @property
    def shown(self) -> str:
        """Fit to be printed: no login, the database once."""
        return f"{self._joined('', '')}/{self.db}"

    def _joined(self, login: str, path: str) -> str:
        return ";".join(f"{SCHEME}{login}{_place(*host)}{path}" for host in self.hosts)


class _Part(NamedTuple):
    host: tuple[str, int]
    login: tuple[str, str]
    db: str


def read(url: str) -> Sentinels | None:
    """The sentinels of `sentinel://:PASSWORD@HOST:PORT;sentinel://HOST:PORT/DATABASE`.

    Login and database may stand in any part, or in all. None for an address of another kind.

    Raises:
        ValueError: says what is wrong, without a piece of the address, which may hold a password.
    """
    if not url.startswith(SCHEME):
        return None
    parts = [_part(number, text.strip()) for number, text in enumerate(url.split(";"), 1)]
    logins = {part.login for part in parts if any(part.login)} or {("", "")}
    dbs = {part.db for part in parts if part.db} or {"0"}
    if len(logins) > 1:
        raise ValueError("its sentinels have different logins; the login is the master's")
    if len(dbs) > 1:
        raise ValueError("its sentinels have different databases; the database is the master's")
    (username, password), db = logins.pop(), dbs.pop()
    if not (db.isascii() and db.isdigit()):
        raise ValueError("what follows the last / is the database's number")
    return Sentinels(tuple(dict.fromkeys(part.host for part in parts)), username, password, int(db))


def _part(number: int, text: str) -> _Part:
    try:
        part = urlsplit(text)
        host = part.hostname, part.port
    except ValueError:
        host = None, None
    if not text.startswith(SCHEME) or host[0] is None or "?" in text or "#" in text:
        raise ValueError(
            f"sentinel {number} is not written as sentinel://HOST:PORT "
            "(; separates them; a password's : / ? # @ ; are written as %3A %2F %3F %23 %40 %3B)"
        )
    login = unquote(part.username or ""), unquote(part.password or "")
    return _Part((host[0], PORT if host[1] is None else host[1]), login, part.path.strip("/"))


def _place(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
