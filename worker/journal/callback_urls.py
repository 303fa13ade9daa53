"""Where each vendor was told to call us. Vendors cannot be asked what they remember of it."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Engine, delete, select

from worker.journal.callback_tables import callback_url
from worker.journal.engine import insert, reading, writing


class Registered(NamedTuple):
    """What a vendor was told, and when."""

    url: str
    told_at: datetime


def registered(engine: Engine, vendor: str) -> Mapping[str, Registered]:
    """By the callback's name."""
    columns = callback_url.c
    query = select(columns.name, columns.url, columns.told_at).where(columns.vendor == vendor)
    with reading(engine) as connection:
        return {name: Registered(url, at) for name, url, at in connection.execute(query)}


def remember(engine: Engine, vendor: str, name: str, url: str, now: datetime) -> None:
    """The vendor was told this URL."""
    with writing(engine) as connection:
        statement = insert(connection, callback_url).values(
            vendor=vendor, name=name, url=url, told_at=now
        )
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["vendor", "name"], set_={"url": url, "told_at": now}
            )
        )


def forget(engine: Engine, vendor: str, name: str) -> None:
    """The vendor was told not to call us any more."""
    columns = callback_url.c
    with writing(engine) as connection:
        connection.execute(
            delete(callback_url).where(columns.vendor == vendor, columns.name == name)
        )
