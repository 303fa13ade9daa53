"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the step."""
    op.create_table(
        "attempt",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("vendor", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("http_status", sa.Integer(), nullable=True),
        sa.Column("vendor_code", sa.String(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("reports", sa.Integer(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
    )
    with op.batch_alter_table("attempt", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_attempt_started_at"), ["started_at"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_attempt_vendor_started_at"), ["vendor", "started_at"], unique=False
        )

    op.create_table(
        "connector",
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_connector")),
    )
    op.create_table(
        "event",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("identity", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("duplicates", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
        sa.UniqueConstraint("kind", "identity", name=op.f("uq_event_kind_identity")),
    )
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_event_kind_received_at"), ["kind", "received_at"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_event_kind_subject_occurred_at"),
            ["kind", "subject", "occurred_at"],
            unique=False,
        )

    op.create_table(
        "intake_batch",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intake_batch")),
    )
    with op.batch_alter_table("intake_batch", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_intake_batch_accepted_at"), ["accepted_at"], unique=False
        )

    op.create_table(
        "lane_state",
        sa.Column("vendor", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("vendor", "kind", name=op.f("pk_lane_state")),
    )
    op.create_table(
        "reject",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("queue", sa.String(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("raw_bytes", sa.Integer(), nullable=False),
        sa.Column("put_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reject")),
    )
    with op.batch_alter_table("reject", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reject_received_at"), ["received_at"], unique=False)

    op.create_table(
        "vendor_state",
        sa.Column("vendor", sa.String(), nullable=False),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_why", sa.String(), nullable=True),
        sa.Column("breaker_step", sa.Integer(), nullable=False),
        sa.Column("breaker_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("breaker_why", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("vendor", name=op.f("pk_vendor_state")),
    )
    op.create_table(
        "conflict",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("event_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("repeats", sa.Integer(), nullable=False),
        sa.Column("decision", sa.String(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_conflict_event_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conflict")),
        sa.UniqueConstraint(
            "event_id", "content_hash", name=op.f("uq_conflict_event_id_content_hash")
        ),
    )
    op.create_table(
        "report",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("event_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("vendor", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("latest_wins", sa.Integer(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("worth_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_owner", sa.String(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_report_event_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report")),
        sa.UniqueConstraint("event_id", "vendor", name=op.f("uq_report_event_id_vendor")),
    )
    with op.batch_alter_table("report", schema=None) as batch_op:
        batch_op.create_index(
            "ix_report_due",
            ["vendor", "kind", "due_at", "id"],
            unique=False,
            sqlite_where=sa.text("state IN ('pending', 'unclear')"),
            postgresql_where=sa.text("state IN ('pending', 'unclear')"),
        )
        batch_op.create_index(
            "ix_report_lease",
            ["lease_until"],
            unique=False,
            sqlite_where=sa.text("state = 'sending'"),
            postgresql_where=sa.text("state = 'sending'"),
        )
        batch_op.create_index(
            "ix_report_shown",
            ["state", "id"],
            unique=False,
            sqlite_where=sa.text("state IN ('refused', 'held', 'given_up')"),
            postgresql_where=sa.text("state IN ('refused', 'held', 'given_up')"),
        )
        batch_op.create_index(
            "ix_report_worth",
            ["worth_until"],
            unique=False,
            sqlite_where=sa.text("state IN ('pending', 'unclear') AND worth_until IS NOT NULL"),
            postgresql_where=sa.text("state IN ('pending', 'unclear') AND worth_until IS NOT NULL"),
        )
        batch_op.create_index(
            "uq_report_waiting",
            ["vendor", "subject"],
            unique=True,
            sqlite_where=sa.text("state IN ('pending', 'unclear') AND latest_wins = 1"),
            postgresql_where=sa.text("state IN ('pending', 'unclear') AND latest_wins = 1"),
        )
        batch_op.create_index(
            "uq_report_sending",
            ["vendor", "subject"],
            unique=True,
            sqlite_where=sa.text("state = 'sending' AND latest_wins = 1"),
            postgresql_where=sa.text("state = 'sending' AND latest_wins = 1"),
        )

    op.create_table(
        "attempt_report",
        sa.Column(
            "attempt_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "report_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["attempt.id"], name=op.f("fk_attempt_report_attempt_id")
        ),
        sa.ForeignKeyConstraint(
            ["report_id"], ["report.id"], name=op.f("fk_attempt_report_report_id")
        ),
        sa.PrimaryKeyConstraint("attempt_id", "report_id", name=op.f("pk_attempt_report")),
    )
    with op.batch_alter_table("attempt_report", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_attempt_report_report_id"), ["report_id"], unique=False
        )


def downgrade() -> None:
    """Undo the step."""
    with op.batch_alter_table("attempt_report", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_attempt_report_report_id"))

    op.drop_table("attempt_report")
    with op.batch_alter_table("report", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_report_sending",
            sqlite_where=sa.text("state = 'sending' AND latest_wins = 1"),
            postgresql_where=sa.text("state = 'sending' AND latest_wins = 1"),
        )
        batch_op.drop_index(
            "uq_report_waiting",
            sqlite_where=sa.text("state = 'pending' AND latest_wins = 1"),
            postgresql_where=sa.text("state = 'pending' AND latest_wins = 1"),
        )
        batch_op.drop_index(
            "ix_report_worth",
            sqlite_where=sa.text("state IN ('pending', 'unclear') AND worth_until IS NOT NULL"),
            postgresql_where=sa.text("state IN ('pending', 'unclear') AND worth_until IS NOT NULL"),
        )
        batch_op.drop_index(
            "ix_report_shown",
            sqlite_where=sa.text("state IN ('refused', 'held', 'given_up')"),
            postgresql_where=sa.text("state IN ('refused', 'held', 'given_up')"),
        )
        batch_op.drop_index(
            "ix_report_lease",
            sqlite_where=sa.text("state = 'sending'"),
            postgresql_where=sa.text("state = 'sending'"),
        )
        batch_op.drop_index(
            "ix_report_due",
            sqlite_where=sa.text("state IN ('pending', 'unclear')"),
            postgresql_where=sa.text("state IN ('pending', 'unclear')"),
        )

    op.drop_table("report")
    op.drop_table("conflict")
    op.drop_table("vendor_state")
    with op.batch_alter_table("reject", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_reject_received_at"))

    op.drop_table("reject")
    op.drop_table("lane_state")
    with op.batch_alter_table("intake_batch", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_intake_batch_accepted_at"))

    op.drop_table("intake_batch")
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_event_kind_subject_occurred_at"))
        batch_op.drop_index(batch_op.f("ix_event_kind_received_at"))

    op.drop_table("event")
    op.drop_table("connector")
    with op.batch_alter_table("attempt", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_attempt_vendor_started_at"))
        batch_op.drop_index(batch_op.f("ix_attempt_started_at"))

    op.drop_table("attempt")
