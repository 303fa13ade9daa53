"""The doors that it opens, and who may come in: callbacks, console, metrics, Flower; and traces."""

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings

from config import logins
from config.units import Seconds

LEAST_CHARS = 12


class Doors(BaseSettings):
    """The part of the settings that says where we listen, and to whom."""

    callbacks_host: str = Field("127.0.0.1", description="Where the callback server listens.")
    callbacks_port: int = Field(
        7380, ge=1, le=65_535, description="TCP port of the callback server."
    )
    callbacks_url: str = Field(
        "",
        pattern=r"^(https?://[^\s/?#]+(/[^\s?#]*)?)?$",
        description="How vendors reach the callback server, e.g. https://relay.example; "
        "empty: http:// and the host and port above.",
    )
    console_logins: SecretStr = Field(
        SecretStr(""),
        description="Who may use the console at /console of the callback server: "
        "NAME:PASSWORD,NAME:PASSWORD, each password of 12 characters or more; empty: nobody.",
    )
    callback_max_bytes: int = Field(
        262_144, ge=1, description="A callback with a larger body is refused."
    )
    callback_read_s: Seconds = Field(
        10, gt=0, description="A callback whose body takes longer to arrive is refused."
    )
    callback_clock_s: Seconds = Field(
        300, description="How far a signed callback's time may be from ours, either way."
    )

    metrics_host: str = Field("127.0.0.1", description="Where a process serves its metrics.")
    metrics_port: int = Field(
        0,
        ge=0,
        le=65_535,
        description="TCP port on which a worker, or the callback server, serves /metrics; 0: on "
        "none. Each process of a machine needs another; `chargerelay up` takes this and two more.",
    )
    metrics_within_s: Seconds = Field(
        4,
        gt=0,
        description="A look at the journal, or the broker, that takes longer has failed.",
    )

    flower_login: SecretStr = Field(
        SecretStr(""),
        description="NAME:PASSWORD that Flower asks for, several separated by commas; empty: none.",
    )

    otlp_endpoint: str = Field(
        "",
        repr=False,
        pattern=r"^(https?://[^\s?#]+)?$",
        description="Where traces go, by OTLP/HTTP: http://127.0.0.1:4318, say; empty: nowhere.",
    )

    @field_validator("flower_login")
    @classmethod
    def _names_and_passwords(cls, value: SecretStr) -> SecretStr:
        logins.read(value.get_secret_value(), least_chars=1)
        return value

    @field_validator("console_logins")
    @classmethod
    def _names_and_long_passwords(cls, value: SecretStr) -> SecretStr:
        logins.read(value.get_secret_value(), least_chars=LEAST_CHARS)
        return value

    @property
    def console_people(self) -> dict[str, str]:
        """The passwords of those who may use the console, by their names."""
        return logins.read(self.console_logins.get_secret_value(), least_chars=LEAST_CHARS)

    @property
    def callbacks_base(self) -> str:
        """How vendors reach the callback server, without a slash at its end."""
        here = f"http://{self.callbacks_host}:{self.callbacks_port}"
        return (self.callbacks_url or here).rstrip("/")
