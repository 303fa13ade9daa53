"""What a charging_station vendor's table says beyond the common."""

from typing import Literal

from pydantic import Field, HttpUrl, SecretStr

from worker.vendor import VendorSettings


class ChargingStationSettings(VendorSettings):
    """One operator at one platform, whose administrator hands out id and secret."""

    operator_id: str = Field(
        max_length=20,
        pattern=r"^[\x21-\x7e]+$",
        description="the platform's id for us, 9 characters as a rule",
    )
    secret: SecretStr = Field(min_length=1, description="what signs")
    signature_encoding: Literal["raw", "hex"] = Field(
        "raw", description="hex: for servers that sign the hex digest"
    )
    refresh_s: float | None = Field(
        300,
        ge=0,
        description="how often to tell an unchanged status again, 300 to 600 by the document; "
        "0: never",
    )
    risk_url: HttpUrl | None = Field(
        None,
        description="a pile enterprise's 安全预警接口, which is sent our token: name only a host "
        "that may know it; without it no warning is told",
    )
