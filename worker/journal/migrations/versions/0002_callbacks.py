"""Callbacks, failed reports, reconciliation, and who asked for what."""

from collections.abc import Iterable
from itertools import islice

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BATCH = 1000
RECORD = sa.text("kind = 'charge-record'")
WAITING = sa.text("state = 'waiting'")


def upgrade() -> None:
    """Apply the step."""
    _create_callbacks()
    _create_reconciliation()
    op.create_table(
        "audit",
        _key(),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_asked_at"), "audit", ["asked_at"])
    op.add_column("report", sa.Column("vendor_ref", sa.String(), nullable=True))
    op.create_index(
        "ix_event_record_ended",
        "event",
        ["occurred_at"],
        sqlite_where=RECORD,
        postgresql_where=RECORD,
    )
    _add_connector_id()


def downgrade() -> None:
    """Take the step back."""
    with op.batch_alter_table("connector") as batch:
        batch.drop_index(op.f("ix_connector_connector_id"))
        batch.drop_column("connector_id")
    op.drop_index("ix_event_record_ended", "event")
    # SQLite would copy the table to drop a column that way, and lose the partial indexes.
    op.execute("ALTER TABLE report DROP COLUMN vendor_ref")
    for table in (
        "audit",
        "difference",
        "reconciliation",
        "callback_url",
        "failed_report",
        "callback_event",
        "callback",
    ):
        op.drop_table(table)


def _key(name: str = "id") -> sa.Column[int]:
    return sa.Column(
        name,
        sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
        autoincrement=True,
        nullable=False,
    )


def _create_callbacks() -> None:
    op.create_table(
        "callback",
        _key(),
        sa.Column("vendor", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("http_status", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("subject", sa.String(), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fingerprint", sa.String(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_callback")),
        sa.UniqueConstraint("vendor", "fingerprint", name=op.f("uq_callback_vendor_fingerprint")),
    )
    op.create_index(
        op.f("ix_callback_vendor_name_subject"), "callback", ["vendor", "name", "subject"]
    )
    op.create_index(op.f("ix_callback_received_at"), "callback", ["received_at"])
    op.create_table(
        "callback_event",
        _key(),
        sa.Column("vendor", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("identity", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_callback_event")),
    )
    op.create_index(op.f("ix_callback_event_due_at"), "callback_event", ["due_at"])
    op.create_table(
        "failed_report",
        _key(),
        sa.Column("vendor", sa.String(), nullable=False),
        sa.Column("request_id", sa.String(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("repeats", sa.Integer(), nullable=False),
        sa.Column("vendor_code", sa.String(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("api", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("report_id", _key().type, nullable=True),
        sa.Column("attempt_id", _key().type, nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_failed_report")),
        sa.UniqueConstraint(
            "vendor",
            "request_id",
            "failures",
            name=op.f("uq_failed_report_vendor_request_id_failures"),
        ),
    )
    op.create_index(op.f("ix_failed_report_report_id"), "failed_report", ["report_id"])
    op.create_index(op.f("ix_failed_report_received_at"), "failed_report", ["received_at"])
    op.create_index(
        "ix_failed_report_waiting",
        "failed_report",
        ["id"],
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    )
    op.create_table(
        "callback_url",
        sa.Column("vendor", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("vendor", "name", name=op.f("pk_callback_url")),
    )


def _create_reconciliation() -> None:
    op.create_table(
        "reconciliation",
        _key(),
        sa.Column("vendor", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        *(sa.Column(name, sa.Integer(), nullable=True) for name in ("ours", "theirs")),
        *(
            sa.Column(f"{whose}_{unit}", sa.String(), nullable=True)
            for whose in ("ours", "theirs")
            for unit in ("kwh", "yuan")
        ),
        *(
            sa.Column(name, sa.Integer(), nullable=True)
            for name in ("missing", "differing", "unknown")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconciliation")),
    )
    op.create_index(
        op.f("ix_reconciliation_vendor_kind_day"), "reconciliation", ["vendor", "kind", "day"]
    )
    op.create_table(
        "difference",
        _key(),
        sa.Column("reconciliation_id", _key().type, nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("report_id", _key().type, nullable=True),
        sa.Column("ours", sa.Text(), nullable=True),
        sa.Column("theirs", sa.Text(), nullable=True),
        sa.Column("replayed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_difference")),
        sa.ForeignKeyConstraint(
            ["reconciliation_id"],
            ["reconciliation.id"],
            name=op.f("fk_difference_reconciliation_id"),
        ),
    )
    op.create_index(
        op.f("ix_difference_reconciliation_id_what_id"),
        "difference",
        ["reconciliation_id", "what", "id"],
    )


def _add_connector_id() -> None:
    """The connector's own id, which stands quoted in the subject: operator/connector."""
    op.add_column("connector", sa.Column("connector_id", sa.String(), nullable=True))
    connector = sa.table("connector", sa.column("subject"), sa.column("connector_id"))
    connection = op.get_bind()
    subjects: Iterable[str] = connection.execute(sa.select(connector.c.subject)).scalars().all()
    fill = (
        connector.update()
        .where(connector.c.subject == sa.bindparam("of"))
        .values(connector_id=sa.bindparam("found"))
    )
    waiting = iter(subjects)
    while some := list(islice(waiting, BATCH)):
        connection.execute(fill, [{"of": s, "found": _connector_id(s)} for s in some])
    with op.batch_alter_table("connector") as batch:
        batch.alter_column("connector_id", nullable=False)
        batch.create_index(op.f("ix_connector_connector_id"), ["connector_id"])


def _connector_id(subject: str) -> str:
    return subject.rpartition("/")[2].replace("%2F", "/").replace("%25", "%")
