"""How we log: one line per fact, with secrets masked."""

import logging
import logging.config
import re
import time

SECRET_WORDS = re.compile(
    r"(?i)\b(secret|token|password|signature|access_token|client_key|sign|key)"
    r"(\"?\s*[=:]\s*\"?)([^\s\"&,;}]+)"
)
URL_PASSWORD = re.compile(r"(://[^/\s:@]*:)[^@\s/]+@")


def mask(text: str) -> str:
    """Replace what follows a secret's name, and passwords inside URLs, by three stars."""
    return URL_PASSWORD.sub(r"\1***@", SECRET_WORDS.sub(r"\1\2***", text))


class MaskSecrets(logging.Filter):
    """Rewrites a record's finished message; nothing unmasked reaches a handler."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Mask in place; never drops a record."""
        record.msg, record.args = mask(record.getMessage()), None
        return True


def configure(level: str = "INFO") -> None:
    """Log to standard error, one line per record, times in UTC."""
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "filters": {"mask": {"()": MaskSecrets}},
            "formatters": {
                "line": {
                    "format": "%(asctime)s.%(msecs)03dZ %(levelname)s %(name)s %(message)s",
                    "datefmt": "%Y-%m-%dT%H:%M:%S",
                }
            },
            "handlers": {
                "stderr": {
                    "class": "logging.StreamHandler",
                    "formatter": "line",
                    "filters": ["mask"],
                }
            },
            # They say of every wake-up what Flower shows better.
            "loggers": {
                name: {"level": "WARNING"}
                for name in ("alembic", "celery.worker.strategy", "celery.app.trace")
            },
            "root": {"level": level.upper(), "handlers": ["stderr"]},
        }
    )
    logging.Formatter.converter = time.gmtime
