"""The journal's tables. Times are aware UTC; a kind, a state and an outcome are their words."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import (
    Column,
    ColumnElement,
    ForeignKey,
    FromClause,
    Index,
    LargeBinary,
    ScalarSelect,
    Text,
    UniqueConstraint,
    literal_column,
    select,
)
from sqlmodel import Field, SQLModel

from worker.journal.columns import BigKey, Utc, key, partial, table_of

WAITING = "state IN ('pending', 'unclear')"
LATEST = "latest_wins = 1"
OF_SUBJECT = ("vendor", "subject")


class IntakeBatch(SQLModel, table=True):
    """A batch that was accepted: seen again after a crash, it is not accepted a second time."""

    __tablename__ = "intake_batch"

    id: str = Field(primary_key=True)
    accepted_at: datetime = Field(sa_type=Utc, index=True)


class EventRow(SQLModel, table=True):
    """What happened at a charger, as it was published."""

    __tablename__ = "event"
    __table_args__ = (
        UniqueConstraint("kind", "identity"),
        Index(None, "kind", "subject", "occurred_at"),
        Index(None, "kind", "received_at"),
        partial("ix_event_record_ended", "kind = 'charge-record'", "occurred_at"),
    )

    id: int | None = Field(default=None, sa_column=key())
    kind: str
    identity: str
    subject: str
    occurred_at: datetime = Field(sa_type=Utc)
    received_at: datetime = Field(sa_type=Utc)
    body: str = Field(sa_type=Text)
    duplicates: int = 0


class ReportRow(SQLModel, table=True):
    """One event for one vendor.

    The partial indexes serve the claim and the sweeps, so that neither grows with history; the two
    unique ones make "one pending, one in flight per connector and vendor" a fact of the database.
    """

    __tablename__ = "report"
    __table_args__ = (
        UniqueConstraint("event_id", "vendor"),
        partial("ix_report_due", WAITING, "vendor", "kind", "due_at", "id"),
        partial("ix_report_worth", f"{WAITING} AND worth_until IS NOT NULL", "worth_until"),
        partial("ix_report_lease", "state = 'sending'", "lease_until"),
        partial("uq_report_waiting", f"{WAITING} AND {LATEST}", *OF_SUBJECT, unique=True),
        partial("uq_report_sending", f"state = 'sending' AND {LATEST}", *OF_SUBJECT, unique=True),
        partial("ix_report_unclear", "state = 'unclear'", "vendor", "kind"),
        partial("ix_report_shown", "state IN ('refused', 'held', 'given_up')", "state", "id"),
    )

    id: int | None = Field(default=None, sa_column=key())
    event_id: int = Field(sa_column=Column(BigKey, ForeignKey("event.id"), nullable=False))
    vendor: str
    kind: str
    subject: str
    latest_wins: int = Field(description="1: of this subject only the newest is told")
    occurred_at: datetime = Field(sa_type=Utc)
    state: str
    due_at: datetime = Field(sa_type=Utc)
    worth_until: datetime | None = Field(default=None, sa_type=Utc)
    lease_until: datetime | None = Field(default=None, sa_type=Utc)
    lease_owner: str | None = None
    tries: int = Field(default=0, description="failed tries since the budget was last renewed")
    outcome: str | None = None
    reason: str | None = Field(default=None, sa_type=Text)
    vendor_ref: str | None = Field(
        default=None, description="the id by which the vendor wants it reported again"
    )
    created_at: datetime = Field(sa_type=Utc)
    settled_at: datetime | None = Field(default=None, sa_type=Utc)


class AttemptRow(SQLModel, table=True):
    """One HTTP request and its answer."""

    __tablename__ = "attempt"
    __table_args__ = (Index(None, "vendor", "started_at"), Index(None, "started_at"))

    id: int | None = Field(default=None, sa_column=key())
    vendor: str
    kind: str
    started_at: datetime = Field(sa_type=Utc)
    duration_ms: int
    method: str
    url: str = Field(sa_type=Text)
    http_status: int | None = None
    vendor_code: str | None = None
    outcome: str
    reason: str = Field(sa_type=Text)
    reports: int
    request: str = Field(sa_type=Text)
    answer: str = Field(sa_type=Text)


class AttemptReport(SQLModel, table=True):
    """Which reports an attempt carried."""

    __tablename__ = "attempt_report"
    __table_args__ = (Index(None, "report_id"),)

    attempt_id: int = Field(sa_column=Column(BigKey, ForeignKey("attempt.id"), primary_key=True))
    report_id: int = Field(sa_column=Column(BigKey, ForeignKey("report.id"), primary_key=True))


class RejectRow(SQLModel, table=True):
    """An item of a queue that could not be read."""

    __tablename__ = "reject"
    __table_args__ = (
        Index(None, "received_at"),
        partial("ix_reject_kept", "put_back_at IS NULL", "queue"),
    )

    id: int | None = Field(default=None, sa_column=key())
    queue: str
    received_at: datetime = Field(sa_type=Utc)
    reason: str = Field(sa_type=Text)
    raw: bytes = Field(sa_type=LargeBinary)
    raw_bytes: int = Field(description="size of the whole item; raw may hold less")
    put_back_at: datetime | None = Field(default=None, sa_type=Utc)


class ConflictRow(SQLModel, table=True):
    """An event whose identity was known already, with other content."""

    __tablename__ = "conflict"
    __table_args__ = (
        UniqueConstraint("event_id", "content_hash"),
        partial("ix_conflict_undecided", "decision IS NULL", "kind"),
    )

    id: int | None = Field(default=None, sa_column=key())
    event_id: int = Field(sa_column=Column(BigKey, ForeignKey("event.id"), nullable=False))
    kind: str
    subject: str
    content_hash: str
    received_at: datetime = Field(sa_type=Utc)
    body: str = Field(sa_type=Text)
    repeats: int = 0
    decision: str | None = None
    decided_at: datetime | None = Field(default=None, sa_type=Utc)


class ConnectorRow(SQLModel, table=True):
    """The newest status of a connector."""

    __tablename__ = "connector"

    subject: str = Field(primary_key=True)
    connector_id: str = Field(index=True)
    status: int
    occurred_at: datetime = Field(sa_type=Utc)
    event_id: int = Field(sa_column=Column(BigKey, nullable=False))


class VendorStateRow(SQLModel, table=True):
    """What all workers know of a vendor: paused by hand, breaker open."""

    __tablename__ = "vendor_state"

    vendor: str = Field(primary_key=True)
    paused_at: datetime | None = Field(default=None, sa_type=Utc)
    paused_why: str | None = None
    breaker_step: int = Field(default=0, description="0: closed; n: opened n times in a row")
    breaker_until: datetime | None = Field(default=None, sa_type=Utc)
    breaker_why: str | None = Field(default=None, sa_type=Text)


class LaneStateRow(SQLModel, table=True):
    """What all workers know of a lane: the vendor asked to wait."""

    __tablename__ = "lane_state"

    vendor: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    not_before: datetime | None = Field(default=None, sa_type=Utc)
    why: str | None = Field(default=None, sa_type=Text)


intake_batch = table_of(IntakeBatch)
event = table_of(EventRow)
report = table_of(ReportRow)
attempt = table_of(AttemptRow)
attempt_report = table_of(AttemptReport)
reject = table_of(RejectRow)
conflict = table_of(ConflictRow)
connector = table_of(ConnectorRow)
vendor_state = table_of(VendorStateRow)
lane_state = table_of(LaneStateRow)


# Conditions of the partial indexes, written as the indexes write them: with a bound parameter in
# place of a word a database cannot know that the index serves, and reads the history instead.


def is_waiting(of: FromClause = report) -> ColumnElement[bool]:
    """The report waits for its due time."""
    return of.c.state.in_([literal_column("'pending'"), literal_column("'unclear'")])


def is_sending(of: FromClause = report) -> ColumnElement[bool]:
    """The report is leased."""
    return of.c.state == literal_column("'sending'")


def is_latest_wins(of: FromClause = report) -> ColumnElement[bool]:
    """Of the report's subject only the newest is told."""
    return of.c.latest_wins == literal_column("1")


def one_of_subject(
    which: Callable[[FromClause], ColumnElement[bool]], of: FromClause = report
) -> ScalarSelect[int]:
    """The id of the report of the same subject and vendor that waits, or is leased; or null.

    At most one by the unique indexes. Not an EXISTS: with statistics of a moment when nothing
    waited, PostgreSQL joins that with all that waits now; this it asks of the index, row by row.
    """
    other = report.alias("other")
    return (
        select(other.c.id)
        .where(
            other.c.vendor == of.c.vendor,
            other.c.subject == of.c.subject,
            is_latest_wins(other),
            which(other),
        )
        .correlate(of)
        .scalar_subquery()
    )
