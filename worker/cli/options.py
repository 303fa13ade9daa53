"""The options that several commands share, and how a time or an age is written."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from worker.events import Kind
from worker.fields import parse_moment
from worker.journal.states import State

AGE = re.compile(r"(\d{1,6})\s*([smhd])")
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def moment(text: str) -> datetime:
    """Read a time, or an age such as `15m`, `2h` or `3d`, as aware UTC."""
    age = AGE.fullmatch(text.strip())
    if age:
        return datetime.now(UTC) - timedelta(**{UNITS[age[2]]: int(age[1])})
    try:
        return parse_moment(text)
    except ValueError as error:
        raise typer.BadParameter(f"{error}; or an age such as 15m, 2h or 3d") from None


Vendor = Annotated[str | None, typer.Option(help="Of this vendor.", metavar="NAME")]
OfKind = Annotated[
    Kind | None, typer.Option("--kind", metavar="KIND", help=f"One of {', '.join(Kind)}.")
]
States = Annotated[
    list[State] | None,
    typer.Option(metavar="STATE", help=f"One of {', '.join(State)}; may be given several times."),
]
Subject = Annotated[
    str | None,
    typer.Option(help="About this orderNo, warningId or operatorId/connectorId.", metavar="ID"),
]
Since = Annotated[
    datetime | None,
    typer.Option(
        parser=moment,
        metavar="TIME",
        help="From then on: 'yyyy-MM-dd HH:mm:ss' (Asia/Shanghai), RFC 3339, or an age like 2h.",
    ),
]
Until = Annotated[
    datetime | None,
    typer.Option(parser=moment, metavar="TIME", help="Before then, written likewise."),
]
Limit = Annotated[int, typer.Option(min=0, help="At most so many; 0: all.")]
AsJson = Annotated[
    bool,
    typer.Option("--json", help="An array of objects, times in RFC 3339, in place of a table."),
]
