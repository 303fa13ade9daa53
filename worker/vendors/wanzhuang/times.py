"""The times that callbacks tell: unix seconds or milliseconds, or yyyy-MM-dd HH:mm:ss."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import BeforeValidator

from worker.fields import YEARS, parse_moment

UNIX = re.compile(r"([0-9]{10})([0-9]{3})?")


def read_time(value: object) -> datetime:
    """Read a time as aware UTC; without an offset it is Asia/Shanghai.

    Raises:
        ValueError: none of these forms, or outside the years 2000 to 2099.
    """
    text = str(value).strip() if isinstance(value, int | str) else ""
    found = UNIX.fullmatch(text)
    if found is None:
        return parse_moment(text)
    moment = datetime.fromtimestamp(int(found[1]), UTC) + timedelta(milliseconds=int(found[2] or 0))
    if moment.year not in YEARS:
        raise ValueError("the year is outside 2000 to 2099")
    return moment


Time = Annotated[datetime, BeforeValidator(read_time)]
