"""What a wanzhuang vendor's table says beyond the common."""

import re
from decimal import Decimal
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator

from worker.vendor import VendorSettings

URL_SAFE = re.compile(r"[A-Za-z0-9_-]{16,128}")

SignScheme = Literal["none", "md5_sorted_key", "hmac_sha256_sorted"]


class WanzhuangSettings(VendorSettings):
    """One application at the maker's cloud, and the devices that are asked for their states."""

    app_id: str = Field(min_length=1, description="the application, app_id")
    app_secret: SecretStr = Field(SecretStr(""), description="what signs")
    sign_scheme: SignScheme = Field(
        "hmac_sha256_sorted", description="how; the document leaves it open"
    )
    devices: tuple[str, ...] = Field((), description="device_num of those that are polled")
    devices_per_call: int = Field(
        1, ge=1, le=100, description="above 1: poll with the list call, which is marked unfinished"
    )
    operator_id: str | None = Field(
        None, min_length=1, description="operatorId of the events that come of it"
    )
    station_id: str | None = Field(None, min_length=1, description="their stationId")
    connector_id: str = Field(
        "{device_num}-{port}",
        max_length=64,
        description="their connectorId, with both in braces filled in",
    )
    callback_token: SecretStr = Field(
        SecretStr(""),
        description="token=… in the URL that the maker is given, 16 or more letters, digits, - and "
        "_; absent: only signed callbacks are taken",
    )
    energy_kwh_per_unit: Decimal | None = Field(
        None,
        gt=0,
        max_digits=12,
        decimal_places=8,
        description="kWh in 1 of eq_used, whose unit no page tells; absent: energy is not told",
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.sign_scheme != "none" and not self.app_secret.get_secret_value():
            raise ValueError('app_secret: required, unless sign_scheme = "none"')
        if "{device_num}" not in self.connector_id or "{port}" not in self.connector_id:
            raise ValueError("connector_id: expected {device_num} and {port} in it")
        if self.poll_s is not None and not (self.devices and self.operator_id):
            raise ValueError("poll_s: polling needs devices and operator_id")
        return self

    @model_validator(mode="after")
    def _callable(self) -> Self:
        token = self.callback_token.get_secret_value()
        if token and not URL_SAFE.fullmatch(token):
            raise ValueError("callback_token: expected 16 to 128 letters, digits, - and _")
        if token and not self.operator_id:
            raise ValueError("callback_token: the events of callbacks need operator_id")
        return self

    def connector(self, device_num: str, port: str) -> str:
        """The connectorId of a port."""
        return self.connector_id.replace("{device_num}", device_num).replace("{port}", port)
