"""How the lanes have fared over the last days, looked at every few seconds and written down."""

from sqlalchemy import BigInteger, Column
from sqlmodel import Field, SQLModel

from worker.journal.columns import table_of


class TickRow(SQLModel, table=True):
    """A look at the lanes. Where none was taken there is a gap, which is not a zero."""

    __tablename__ = "tick"

    at: int = Field(
        sa_column=Column(BigInteger, primary_key=True, autoincrement=False),
        description="seconds since 1970",
    )
    over_s: int = Field(description="since the look before it")
    last_attempt: int = Field(
        sa_column=Column(BigInteger, nullable=False), description="the newest that it counted"
    )


class LaneTickRow(SQLModel, table=True):
    """A lane at a look; one in which nothing waited and nothing was sent has no row."""

    __tablename__ = "lane_tick"

    at: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    vendor: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    told: int = Field(description="reports accepted since the look before")
    attempts: int
    failed: int = Field(description="attempts that were not accepted")
    p50_ms: int | None = Field(default=None, description="of the attempts; None without any")
    p95_ms: int | None = None
    waiting: int


tick = table_of(TickRow)
lane_tick = table_of(LaneTickRow)
