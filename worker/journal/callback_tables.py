"""What vendors told us by calling us, and what became of it."""

from datetime import datetime

from sqlalchemy import Column, Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from worker.journal.columns import BigKey, Utc, key, partial, table_of


class CallbackRow(SQLModel, table=True):
    """A call of a vendor: taken, refused, or a repetition of one that was taken.

    The fingerprint of a signed call is unique: the same one is never taken twice.
    """

    __tablename__ = "callback"
    __table_args__ = (
        UniqueConstraint("vendor", "fingerprint"),
        Index(None, "vendor", "name", "subject"),
        Index(None, "received_at"),
    )

    id: int | None = Field(default=None, sa_column=key())
    vendor: str
    name: str = Field(description="of the callback, as its path ends")
    received_at: datetime = Field(sa_type=Utc)
    outcome: str = Field(description="taken, repeated, known, overtaken or refused")
    http_status: int
    reason: str = Field(sa_type=Text)
    subject: str | None = Field(default=None, description="whom or what it is about")
    told_at: datetime | None = Field(default=None, sa_type=Utc, description="its own time")
    fingerprint: str | None = None
    body: str = Field(sa_type=Text)


class CallbackEventRow(SQLModel, table=True):
    """An event that a callback brought, until the intake has written it."""

    __tablename__ = "callback_event"
    __table_args__ = (Index(None, "due_at"),)

    id: int | None = Field(default=None, sa_column=key())
    vendor: str
    kind: str
    identity: str
    body: str = Field(sa_type=Text)
    created_at: datetime = Field(sa_type=Utc)
    due_at: datetime = Field(sa_type=Utc, description="when to look for it, or publish it again")
    tries: int = Field(default=0, description="how often it was published")


class FailedReportRow(SQLModel, table=True):
    """What a vendor could not process. Its next failure of the same item is another row."""

    __tablename__ = "failed_report"
    __table_args__ = (
        UniqueConstraint("vendor", "request_id", "failures"),
        Index(None, "report_id"),
        Index(None, "received_at"),
        partial("ix_failed_report_waiting", "state = 'waiting'", "id"),
    )

    id: int | None = Field(default=None, sa_column=key())
    vendor: str
    request_id: str = Field(description="the vendor's id of the item")
    failures: int = Field(description="how often the item has failed by the vendor's count")
    received_at: datetime = Field(sa_type=Utc)
    repeats: int = Field(default=0, description="how often we were told again")
    vendor_code: str
    message: str = Field(sa_type=Text)
    api: str = Field(sa_type=Text, description="the call that failed, in the vendor's words")
    body: str = Field(sa_type=Text)
    report_id: int | None = Field(default=None, sa_column=Column(BigKey, nullable=True))
    attempt_id: int | None = Field(default=None, sa_column=Column(BigKey, nullable=True))
    state: str
    reason: str | None = Field(default=None, sa_type=Text)
    handled_at: datetime | None = Field(default=None, sa_type=Utc)


class CallbackUrlRow(SQLModel, table=True):
    """Where we told a vendor to call us."""

    __tablename__ = "callback_url"

    vendor: str = Field(primary_key=True)
    name: str = Field(primary_key=True, description="of the callback")
    url: str = Field(sa_type=Text)
    told_at: datetime = Field(sa_type=Utc)


callback = table_of(CallbackRow)
callback_event = table_of(CallbackEventRow)
failed_report = table_of(FailedReportRow)
callback_url = table_of(CallbackUrlRow)
