"""What the deployment tells us: the environment, a `.env` file, files that hold one secret each.

Every name here, in `servers` and in `doors` is read from `RELAY_` + the field's name in capitals;
units stand in the names.
"""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from pydantic_settings import SettingsError as SourceError

from config.doors import Doors
from config.secret_files import SecretFiles
from config.servers import Servers
from config.units import Seconds

Queue = Literal["connector-status", "charge-record", "safety-warning"]
Level = Literal["DEBUG", "INFO", "WARNING", "ERROR"]
Schedule = Annotated[tuple[Seconds, ...], NoDecode, Field(min_length=1)]

SAFETY_MARGIN_S = 5.0


class SettingsError(Exception):
    """The environment does not describe a deployment that could run."""


class Settings(Doors, Servers):
    """The deployment, frozen at start."""

    model_config = SettingsConfigDict(
        env_prefix="RELAY_",
        env_file=".env",
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The first that knows a value is believed."""
        return init_settings, env_settings, dotenv_settings, SecretFiles(settings_cls)

    sandbox_port: int = Field(
        7381, ge=1, le=65_535, description="Loopback port of the sandbox vendors."
    )
    vendors_file: Path | None = Field(
        None, description="TOML file of the vendors; see config/vendors.example.toml."
    )
    log_level: Level = Field("INFO", description="DEBUG, INFO, WARNING or ERROR.")
    log_format: Literal["console", "json"] = Field(
        "console", description="console, or json: one object a line, for whoever collects them."
    )

    intake_kinds: Annotated[tuple[Queue, ...], NoDecode] = Field(
        ("connector-status", "charge-record", "safety-warning"),
        description="The queues this worker takes from, separated by commas; empty: none.",
    )
    intake_batch_items: int = Field(
        500, ge=1, le=10_000, description="Items taken from a queue in one move."
    )
    intake_batch_bytes: int = Field(
        8_000_000, ge=1, description="A move ends once it holds this many bytes."
    )
    item_max_bytes: int = Field(
        1_000_000, ge=1, description="A larger item is kept as a reject, unread."
    )
    reject_keep_bytes: int = Field(
        65_536, ge=0, description="How much of a reject's raw body is kept."
    )
    status_future_s: Seconds = Field(
        600,
        description="A status dated further ahead is a reject: it would silence its connector.",
    )
    heartbeat_s: Seconds = Field(3, description="How often a worker says that it lives.")
    stall_s: Seconds = Field(
        60,
        gt=0,
        description="Work that waits for this long while nobody takes or delivers is a fault.",
    )
    heartbeat_ttl_s: Seconds = Field(
        15, description="A worker silent for this long is dead; another adopts what it held."
    )

    status_retry_s: Schedule = Field(
        (5, 15, 30, 60, 120), description="Waits between tries of a connector-status report."
    )
    record_retry_s: Schedule = Field(
        (15, 15, 30, 180, 1800, 1800, 1800, 1800, 3600),
        description="Waits between tries of a charge-record report; the last one repeats.",
    )
    warning_retry_s: Schedule = Field(
        (1, 2, 5, 10, 30, 60), description="Waits between tries of a safety-warning report."
    )
    status_worth_s: Seconds = Field(
        900, description="A status not accepted this long after its intake has expired."
    )
    warning_worth_s: Seconds = Field(
        86_400, description="A warning not accepted this long after its intake is held."
    )
    look_up_after_s: Seconds = Field(
        60, description="A report that may have arrived is looked up no sooner than this."
    )
    retry_after_cap_s: Seconds = Field(
        3600, description="The longest wait that a vendor may ask for."
    )

    connect_timeout_s: Seconds = Field(3, description="Time to reach a vendor.")
    request_timeout_s: Seconds = Field(
        10, gt=0, description="Time for one whole request; a vendor may set its own timeout_s."
    )
    burst_tries: int = Field(3, ge=1, description="Tries in hand before the clock takes over.")
    burst_s: Seconds = Field(5, description="No further try in hand begins after this time.")
    lease_s: Seconds = Field(
        90, description="How long a claimed report is ours; longer than any burst can last."
    )
    sweep_s: Seconds = Field(1, gt=0, description="How often the clock looks for due reports.")
    answer_max_bytes: int = Field(
        262_144, ge=1, description="A vendor's answer is read up to this size."
    )
    body_keep_bytes: int = Field(
        4096, ge=0, description="How much of a request and an answer an attempt keeps."
    )

    breaker_window_s: Seconds = Field(30, description="The failure rate is taken over this time.")
    breaker_min_calls: int = Field(10, ge=1, description="Fewer calls say nothing about a vendor.")
    breaker_failure_rate: float = Field(
        0.5, gt=0, le=1, description="From this share of failures on the breaker opens."
    )
    breaker_open_s: Schedule = Field(
        (5, 10, 20, 40, 60), description="Waits before each further probe of an open breaker."
    )

    replay_per_s: float = Field(
        50, gt=0, description="Reports a second that a replay lets become due."
    )
    reconcile_after_s: Seconds = Field(
        3600, description="How long after a day's end (Asia/Shanghai) it is reconciled."
    )

    keep_status_days: float = Field(7, gt=0, description="Settled statuses are pruned after this.")
    keep_record_days: float = Field(400, gt=0, description="Settled records are pruned after this.")
    keep_warning_days: float = Field(400, gt=0, description="Settled warnings, likewise.")
    keep_reject_days: float = Field(90, gt=0, description="Rejects are pruned after this.")
    keep_callback_days: float = Field(
        90, gt=0, description="Callbacks, failed reports and reconciliations, likewise."
    )

    @field_validator(
        "intake_kinds",
        "status_retry_s",
        "record_retry_s",
        "warning_retry_s",
        "breaker_open_s",
        mode="before",
    )
    @classmethod
    def _split_commas(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("vendors_file", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return None if value == "" else value

    @model_validator(mode="after")
    def _lease_outlives_the_longest_burst(self) -> Self:
        self.check_lease(self.request_timeout_s, "RELAY_REQUEST_TIMEOUT_S")
        if self.heartbeat_ttl_s < 2 * self.heartbeat_s:
            raise ValueError("RELAY_HEARTBEAT_TTL_S must be at least twice RELAY_HEARTBEAT_S")
        return self

    def check_lease(self, timeout_s: float, name: str) -> None:
        """Refuse a request timeout with which a lease could run out under a request in flight.

        Raises:
            ValueError: says which setting to change.
        """
        # A try begins up to burst_s after the first, and may ask for a token, be refused, renew it
        # and send again: three requests, each with its time to answer and its time to be read.
        needed_s = self.burst_s + 6 * timeout_s + SAFETY_MARGIN_S
        if self.lease_s <= needed_s:
            raise ValueError(
                f"RELAY_LEASE_S is {self.lease_s:g} s, but with {name} = {timeout_s:g} s "
                f"a burst may last {needed_s:g} s: raise the one or lower the other"
            )


def load() -> Settings:
    """Read the settings.

    Raises:
        SettingsError: names every variable at fault, in one message.
    """
    try:
        return Settings()
    except UnicodeDecodeError:
        raise SettingsError(".env is not UTF-8") from None
    except SourceError as error:
        raise SettingsError(str(error.__cause__ or error)) from None
    except ValidationError as error:
        raise SettingsError("; ".join(_sentence(dict(e)) for e in error.errors())) from None


def _sentence(error: dict[str, object]) -> str:
    where = error.get("loc")
    name = str(where[0]) if isinstance(where, tuple) and where else ""
    message = str(error.get("msg", "")).removeprefix("Value error, ")
    return f"RELAY_{name.upper()}: {message}" if name else message
