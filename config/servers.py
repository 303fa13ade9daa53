"""The servers that everything stands on: where the broker and the journal are, and their logins."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Self
from urllib.parse import quote, unquote

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings

from config import secret_files, sentinels


class Servers(BaseSettings):
    """The part of the settings from which the addresses are put together."""

    secrets_dir: Path = Field(
        secret_files.DEFAULT,
        description="Directory of files that hold one setting each, e.g. relay_broker_password "
        "for RELAY_BROKER_PASSWORD, and the secrets that the vendors file names, also in its "
        "directory `vendors`. The environment outweighs them.",
    )
    data_dir: Path = Field(Path("var"), description="Where the embedded servers keep their files.")
    broker_url: str = Field(
        "",
        repr=False,  # a password may stand in it, as in the journal's
        description="Redis or Valkey that carries the queues, the wake-ups and shared tokens; "
        "empty: the embedded one of `chargerelay up`, on RELAY_EMBEDDED_PORT. Behind Sentinel: "
        "sentinel://:PASSWORD@HOST:26379;sentinel://HOST:26379/0, login and database the master's.",
    )
    broker_password: SecretStr = Field(
        SecretStr(""), description="The broker's password, if it does not stand in the address."
    )
    broker_master: str = Field(
        "mymaster", min_length=1, description="The name that the sentinels know the master by."
    )
    broker_sentinel_password: str = Field(
        "", repr=False, description="The sentinels' own password; empty: they want none."
    )
    embedded_port: int = Field(
        7379, ge=1, le=65_535, description="Loopback port of the embedded broker."
    )
    journal_url: str = Field(
        "",
        repr=False,
        description="Database of the journal, as SQLAlchemy writes it "
        "(sqlite:///… or postgresql+psycopg://…); empty: journal.sqlite3 in the data directory.",
    )
    journal_password: SecretStr = Field(
        SecretStr(""), description="The journal's password, if it does not stand in the address."
    )

    @field_validator("broker_url")
    @classmethod
    def _complete_sentinels(cls, value: str) -> str:
        found = sentinels.read(value)
        return value if found is None else found.url

    @model_validator(mode="after")
    def _passwords_belong_to_addresses(self) -> Self:
        for name in ("broker", "journal"):
            try:
                getattr(self, name)
            except ValueError as error:
                raise ValueError(f"RELAY_{name.upper()}_PASSWORD: {error}") from None
        return self

    @property
    def broker(self) -> str:
        """The broker's address, with its password and the default filled in."""
        if not self.broker_url and not self.broker_password.get_secret_value():
            return f"redis://127.0.0.1:{self.embedded_port}/0"
        return _with(self.broker_password, self.broker_url, "RELAY_BROKER_URL")

    @property
    def broker_sentinels(self) -> sentinels.Sentinels | None:
        """The sentinels that the broker stands behind; None if it is a single server."""
        return sentinels.read(self.broker)

    @property
    def broker_shown(self) -> str:
        """The broker's address, fit to be printed."""
        if self.broker_sentinels is not None:
            return f"{self.broker_sentinels.shown} (master {self.broker_master})"
        scheme, separator, rest = self.broker.partition("://")
        return f"{scheme}{separator}{rest.rpartition('@')[2]}"

    @property
    def journal(self) -> str:
        """The journal's address, with its password and the default filled in."""
        if not self.journal_url and not self.journal_password.get_secret_value():
            return f"sqlite:///{self.data_dir / 'journal.sqlite3'}"
        return _with(self.journal_password, self.journal_url, "RELAY_JOURNAL_URL")


def _with(secret: SecretStr, url: str, name: str) -> str:
    """The address with the password in its login; the one that stands there must be the same."""
    password = secret.get_secret_value()
    if not password:
        return url
    if url.startswith("sqlite") or "://" not in url:
        raise ValueError(f"{name} names no server that could ask for it")
    behind = sentinels.read(url)
    if behind is not None:
        _refuse_another(behind.password, password, name)
        return replace(behind, password=password).url
    scheme, _, rest = url.partition("://")
    authority = re.split("[/?#]", rest, maxsplit=1)[0]
    login, _, host = authority.rpartition("@")
    user, _, stands = login.partition(":")
    _refuse_another(unquote(stands), password, name)
    return f"{scheme}://{user}:{quote(password, safe='')}@{host}{rest[len(authority) :]}"


def _refuse_another(stands: str, password: str, name: str) -> None:
    if stands not in ("", password):
        raise ValueError(f"{name} holds another one")
