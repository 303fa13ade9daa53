"""What a pile_admin vendor's table says beyond the common."""

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator

from worker.vendor import VendorSettings


class PileAdminSettings(VendorSettings):
    """One administrator of one server."""

    username: str = Field(min_length=1, description="of the administrator")
    password: SecretStr = Field(min_length=1, description="of the administrator")
    piles: Mapping[str, int] = Field(min_length=1, description="connectorId → the pile's id")
    allow_offline: bool = Field(
        False, description="tell offline, which only the pile itself can take back"
    )
    login_encoding: Literal["form", "json"] = Field(
        "form", description="json: for servers that read the login as JSON"
    )

    @model_validator(mode="after")
    def _one_connector_sets_one_pile(self) -> Self:
        piles = list(self.piles.values())
        if twice := sorted({pile for pile in piles if piles.count(pile) > 1}):
            raise ValueError(
                f"piles: {', '.join(map(str, twice))} under two connectors; one would set on "
                "what the other set to repair"
            )
        return self
