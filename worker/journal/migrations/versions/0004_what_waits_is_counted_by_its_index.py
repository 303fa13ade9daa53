"""What waits for a person, or is unclear, is counted by an index that holds nothing else."""

from alembic import op
from sqlalchemy import text

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INDEXES = (
    ("ix_report_unclear", "report", ["vendor", "kind"], "state = 'unclear'"),
    ("ix_reject_kept", "reject", ["queue"], "put_back_at IS NULL"),
    ("ix_conflict_undecided", "conflict", ["kind"], "decision IS NULL"),
)


def upgrade() -> None:
    """Apply the step; it reads the three tables once."""
    for name, table, columns, condition in INDEXES:
        where = text(condition)
        op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    """Take the step back."""
    for name, table, _, _ in INDEXES:
        op.drop_index(name, table)
