"""How we log: one line per fact, with secrets masked."""

import logging
import logging.config
import re
import time

WORDS = "secret|token|password|signature|appkey|authcode|authorization"
NAMES = rf"([\w-]*(?:{WORDS})|\b(?:\w+_)?(?:sign|key))"
VALUES = r"""("[^"]*(?:"|$)|'[^']*(?:'|$)|(?:Bearer |Basic )?[^\s"'&,;})\]]+)"""
SECRET_WORDS = re.compile(rf"""{NAMES}(\\?["']?\s*[=:]\s*\\?){VALUES}""", re.IGNORECASE)
URL_PASSWORD = re.compile(r"(://[^/\s:@]*:)[^\s\"']+@")


def mask(text: str) -> str:
    """Replace what follows a secret's name, and passwords inside URLs, by three stars."""
    return SECRET_WORDS.sub(_star, URL_PASSWORD.sub(r"\1***@", text))


def _star(found: re.Match[str]) -> str:
    quote = found[3][0] if found[3][0] in "\"'" else ""
    return f"{found[1]}{found[2]}{quote}***{quote}"


class MaskingFormatter(logging.Formatter):
    """Masks the finished text, a traceback's too; times are in UTC."""

    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        """One record, masked."""
        return mask(super().format(record))


def configure(level: str = "INFO") -> None:
    """Log to standard error, one line per record, times in UTC."""
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "line": {
                    "()": MaskingFormatter,
                    "fmt": "%(asctime)s.%(msecs)03dZ %(levelname)s %(name)s %(message)s",
                    "datefmt": "%Y-%m-%dT%H:%M:%S",
                }
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
            # They say of every wake-up what Flower shows better.
            "loggers": {
                name: {"level": "WARNING"}
                for name in ("alembic", "celery.worker.strategy", "celery.app.trace")
            },
            "root": {"level": level.upper(), "handlers": ["stderr"]},
        }
    )
