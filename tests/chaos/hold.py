"""Holding the journal still from outside, by a second connection."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy
from sqlalchemy import Engine


@contextmanager
def held(journal: Engine, table: str) -> Iterator[None]:
    """Nobody else writes to the table (SQLite: to the journal) meanwhile."""
    sqlite = journal.dialect.name == "sqlite"
    begin = "BEGIN IMMEDIATE" if sqlite else f"LOCK TABLE {table} IN EXCLUSIVE MODE"
    engine = sqlalchemy.create_engine(journal.url, poolclass=sqlalchemy.NullPool)
    with engine.connect() as connection:
        if sqlite:
            driver = connection.connection.dbapi_connection
            assert driver is not None
            driver.isolation_level = None
        connection.exec_driver_sql(begin)
        try:
            yield
        finally:
            connection.rollback()
    engine.dispose()
