"""What a vendor has of a day against what we told it. Amounts are decimals, written as text."""

from datetime import datetime

from sqlalchemy import Column, ForeignKey, Index, Text
from sqlmodel import Field, SQLModel

from worker.journal.columns import BigKey, Utc, key, table_of


class ReconciliationRow(SQLModel, table=True):
    """One comparison of one vendor's day. Totals of a comparison under way are None."""

    __tablename__ = "reconciliation"
    __table_args__ = (Index(None, "vendor", "kind", "day"),)

    id: int | None = Field(default=None, sa_column=key())
    vendor: str
    kind: str
    day: str = Field(description="yyyy-MM-dd in Asia/Shanghai, of the event's own time")
    state: str = Field(description="running, complete or incomplete")
    reason: str | None = Field(default=None, sa_type=Text)
    started_at: datetime = Field(sa_type=Utc)
    ended_at: datetime | None = Field(default=None, sa_type=Utc)
    ours: int | None = None
    ours_kwh: str | None = None
    ours_yuan: str | None = None
    theirs: int | None = None
    theirs_kwh: str | None = None
    theirs_yuan: str | None = None
    missing: int | None = Field(default=None, description="ours, and not at the vendor")
    differing: int | None = Field(default=None, description="there, with other amounts")
    unknown: int | None = Field(default=None, description="at the vendor, and not ours")


class DifferenceRow(SQLModel, table=True):
    """One difference that a comparison found."""

    __tablename__ = "difference"
    __table_args__ = (Index(None, "reconciliation_id", "what", "id"),)

    id: int | None = Field(default=None, sa_column=key())
    reconciliation_id: int = Field(
        sa_column=Column(BigKey, ForeignKey("reconciliation.id"), nullable=False)
    )
    what: str = Field(description="missing, differing or unknown")
    subject: str = Field(description="our orderNo, or the vendor's key of what is not ours")
    report_id: int | None = Field(default=None, sa_column=Column(BigKey, nullable=True))
    ours: str | None = Field(default=None, sa_type=Text)
    theirs: str | None = Field(default=None, sa_type=Text)
    replayed_at: datetime | None = Field(default=None, sa_type=Utc)


reconciliation = table_of(ReconciliationRow)
difference = table_of(DifferenceRow)
