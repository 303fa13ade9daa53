"""What a sgm_info4 vendor's table says beyond the common, and where its calls go.

The document contradicts itself in the spelling of a header and of two paths; what a setting
defaults to is what most of its places say.
"""

from typing import Annotated, Literal
from urllib.parse import quote

from pydantic import AfterValidator, Field, FilePath, HttpUrl, SecretStr

from worker.fields import Id
from worker.vendor import VendorSettings

CHARGING = "/info4gw/apigateway/private/info4-map/charging-station"
APP_KEY = "/info4gw/apigateway/public/generateAppKey/{appId}"


def _fits_a_header(secret: SecretStr) -> SecretStr:
    value = secret.get_secret_value()
    if not value or not all("!" <= letter <= "~" for letter in value):
        raise ValueError("expected visible ASCII characters and no space")
    return secret


HeaderText = Annotated[str, Field(min_length=1, max_length=256, pattern=r"^[\x21-\x7e]+$")]
Segment = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")]


class SgmInfo4Settings(VendorSettings):
    """One app at the gateway, acting for one user; SGM hands out all of it."""

    app_id: HeaderText = Field(description="our app at the gateway, appId")
    client_cert: FilePath = Field(description="file of the client certificate (PEM), local PKI")
    client_key: FilePath = Field(description="file of its private key (PEM, not encrypted)")
    idp_user_id: HeaderText = Field(description="the user whom reservations belong to, idpUserId")
    access_token: Annotated[SecretStr, AfterValidator(_fits_a_header)] = Field(
        description="that user's User Access Token, from signing in"
    )
    brand_id: Id = Field(
        description="1 Buick, 2 Cadillac, 3 Chevrolet, 4 Ultium, 5 PATAC; where a call names none"
    )
    app_key_url: HttpUrl | None = Field(
        None, description="base URL of generateAppKey, with mutual TLS; absent: base_url"
    )
    charging_path: str = Field(
        CHARGING.strip("/"),
        pattern=r"^/?[A-Za-z0-9_./-]+$",
        description="what the paths of 公桩 calls begin with; a public client leaves out private/",
    )
    reservation_segment: Segment = Field(
        "npo", description="npo or np0, in the paths that create and query reservations"
    )
    update_segment: Segment = Field(
        "npo", description="npo or npoc, in the path that updates a reservation"
    )
    idp_user_header: Literal["idpUserId", "ipdUserId"] = Field(
        "idpUserId", description="ipdUserId: as the document's examples spell the header"
    )
    timestamp_header: Literal["timestamp", "timeStamp"] = Field(
        "timestamp", description="timeStamp: as a public client spells the header"
    )
    status_as_text: bool = Field(
        False, description="send a reservation's status as the example's text, not as a number"
    )

    def address(self, path: str) -> str:
        """Where a call goes whose path the document writes so."""
        spelled = path.replace("/npo/pre/", f"/{self.reservation_segment}/pre/")
        spelled = spelled.replace("/npo/charge/", f"/{self.update_segment}/charge/")
        return _below(self.url, spelled.replace(CHARGING, f"/{self.charging_path.strip('/')}"))

    @property
    def app_key_address(self) -> str:
        """Where the AppKey of this app is fetched."""
        base = self.url if self.app_key_url is None else str(self.app_key_url).rstrip("/")
        return _below(base, APP_KEY.format(appId=quote(self.app_id, safe="")))


def _below(base: str, path: str) -> str:
    """A base that ends in the path's first part does not repeat it."""
    first, _, rest = path.removeprefix("/").partition("/")
    return f"{base}/{rest}" if base.endswith(f"/{first}") else base + path
