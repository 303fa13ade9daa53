"""The units of settings, which stand in their names."""

from typing import Annotated

from pydantic import Field

Seconds = Annotated[float, Field(ge=0, le=366 * 86_400, allow_inf_nan=False)]
