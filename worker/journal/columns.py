"""What the journal's tables are made of: keys, times and partial indexes, on both databases."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, Dialect, Index, Integer, Table, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.types import TypeDecorator, TypeEngine
from sqlmodel import SQLModel

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

BigKey = BigInteger().with_variant(Integer(), "sqlite")


@lru_cache(maxsize=4096)
def _written(value: datetime | None) -> str | None:
    """As SQLite keeps it. Most times of a batch are one and the same."""
    if value is None:
        return None
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


class _SqliteUtc(sqlite.DATETIME):
    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], str | None]:
        """In place of the dialect's, which formats each value anew, and slowly."""
        return _written


class Utc(TypeDecorator[datetime]):
    """An aware UTC time; SQLite, which knows no time zones, gets it without one."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The database's own type."""
        own = _SqliteUtc() if dialect.name == "sqlite" else self.impl  # type: ignore[no-untyped-call]
        return dialect.type_descriptor(own)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive time."""
        if value is not None and value.tzinfo is None:
            raise ValueError(f"a time without a zone: {value}")
        return value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the zone back."""
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=UTC)


def key() -> Column[int]:
    """A primary key that counts."""
    return Column(BigKey, primary_key=True, autoincrement=True)


def partial(name: str, condition: str, *columns: str, unique: bool = False) -> Index:
    """An index over the rows of a condition, in both dialects."""
    where = text(condition)
    return Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)


def table_of(model: type[SQLModel]) -> Table:
    """The table of a model, as statements name it."""
    return SQLModel.metadata.tables[str(model.__tablename__)]
