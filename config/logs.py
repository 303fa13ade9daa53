"""How we log: one line per fact, with secrets and plate numbers masked."""

import logging
import logging.config
import re
from collections.abc import Iterable
from functools import lru_cache

from config import plates

# Each pattern takes time that grows with the text and no faster: an answer may be made to be slow.
WORDS = "secret|token|password|signature|appkey|authcode|authorization|(?<![A-Za-z0-9])(?:sign|key)"
VALUE = (
    r"""(?<=\\)"[^"]*"?"""  # of JSON within JSON
    r"""|"[^"\\]*(?:\\.[^"\\]*)*"?"""
    r"""|'[^'\\]*(?:\\.[^'\\]*)*'?"""
    r"""|(?:Bearer |Basic )?[^\s"'&,;})\]]+"""
)
SECRET = re.compile(
    rf"""(?=[stpakSTPAK])({WORDS})(\\?["']?\s*[=:]\s*\\?)({VALUE})""", re.IGNORECASE | re.DOTALL
)
WITHOUT_BLANKS = re.compile(r"""[^\s"']+""")
LOGIN = re.compile(r"://[^/\s:@]*:")


SHORT_CHARS = 128
LEAST_CHARS = 6
known: dict[str, frozenset[str]] = {}


turn = 0  # counts on with each new secret: what was hidden without it is not looked up after it


def never_show(owner: str, secrets: Iterable[str]) -> None:
    """Mask these secrets of an owner, in place of those it had, under whatever name they stand.

    An answer may repeat one in the midst of a sentence. Too short ones would hide mere words.
    """
    global turn
    told = frozenset(secret for secret in secrets if len(secret) >= LEAST_CHARS)
    if told != known.get(owner):
        known[owner] = told
        turn += 1


def mask(text: str) -> str:
    """Replace known secrets, what follows a secret's name, and passwords in URLs by three stars."""
    for secrets in list(known.values()):
        for secret in secrets:
            text = text.replace(secret, "***")
    if "://" in text and "@" in text:
        text = WITHOUT_BLANKS.sub(_without_password, text)
    return SECRET.sub(_star, text)


def _without_password(found: re.Match[str]) -> str:
    part = found[0]
    at = part.rfind("@")
    login = LOGIN.search(part, 0, at) if at > 0 else None
    return part if login is None else f"{part[: login.end()]}***{part[at:]}"


def _star(found: re.Match[str]) -> str:
    quote = found[3][0] if found[3][0] in "\"'" else ""
    return f"{found[1]}{found[2]}{quote}***{quote}"


def hide(text: str) -> str:
    """Mask the secrets of a text, and its plate numbers."""
    return _hidden_again(text, turn) if len(text) <= SHORT_CHARS else plates.hide(mask(text))


@lru_cache(4096)
def _hidden_again(text: str, _turn: int) -> str:
    """Of what lines repeat: vendors, kinds, outcomes, reasons; anew with each new secret."""
    return plates.hide(mask(text))


class MaskingFormatter(logging.Formatter):
    """The sentence alone, and its traceback, for whoever runs a command."""

    def format(self, record: logging.LogRecord) -> str:
        """One record, masked."""
        return hide(super().format(record))


def mask_what_nobody_configured() -> None:
    """A command prints its loggers' warnings to standard error; mask those too."""
    if logging.lastResort is not None:
        logging.lastResort.setFormatter(MaskingFormatter())


def configure(level: str = "INFO", form: str = "console") -> None:
    """Log to standard error, times in UTC; one line per record, but for a console's tracebacks."""
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            # By its name: structlog is loaded where lines are written, not for each command.
            "formatters": {"line": {"()": "config.lines.formatter", "form": form, "hide": hide}},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
            # They say of every wake-up what Flower shows better.
            "loggers": {
                name: {"level": "WARNING"}
                for name in ("alembic", "celery.worker.strategy", "celery.app.trace")
            },
            "root": {"level": level.upper(), "handlers": ["stderr"]},
        }
    )
