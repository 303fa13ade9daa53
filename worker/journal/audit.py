"""Who asked for what: an act of a person is written down before it begins, and how it ended."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime

from sqlalchemy import Engine, RowMapping, Text, select, update
from sqlmodel import Field, SQLModel

from worker.journal.columns import Utc, key, table_of
from worker.journal.engine import writing
from worker.journal.listings import Filters, between, newest_first


class AuditRow(SQLModel, table=True):
    """One act of a person."""

    __tablename__ = "audit"

    id: int | None = Field(default=None, sa_column=key())
    asked_at: datetime = Field(sa_type=Utc, index=True)
    who: str
    act: str = Field(description="the command")
    asked: str = Field(sa_type=Text, description="what it was given, as JSON")
    ended_at: datetime | None = Field(default=None, sa_type=Utc)
    result: str | None = Field(default=None, sa_type=Text, description="what it did, as JSON")


audit = table_of(AuditRow)


def begin(engine: Engine, who: str, act: str, asked: Mapping[str, object], now: datetime) -> int:
    """Write down what is about to be done; returns the row's id."""
    row = {"asked_at": now, "who": who, "act": act, "asked": _json(asked)}
    with writing(engine) as connection:
        statement = audit.insert().returning(audit.c.id)
        return int(connection.execute(statement, [row]).scalar_one())


def end(engine: Engine, audit_id: int, result: Mapping[str, object], now: datetime) -> None:
    """Write down what came of it; an act without an end was cut short."""
    with writing(engine) as connection:
        connection.execute(
            update(audit).where(audit.c.id == audit_id).values(ended_at=now, result=_json(result))
        )


def rows(engine: Engine, filters: Filters, *, limit: int) -> Iterator[RowMapping]:
    """The acts of a time, newest first; a limit of 0 means all."""
    query = select(audit).where(*between(audit.c.asked_at, filters))
    return newest_first(engine, audit, query, limit)


def _json(content: Mapping[str, object]) -> str:
    return json.dumps(content, ensure_ascii=False, default=str)
