"""How the lanes fare is written down every few seconds, for the charts of the console."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the step."""
    op.create_table(
        "tick",
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("over_s", sa.Integer(), nullable=False),
        sa.Column("last_attempt", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("at", name="pk_tick"),
    )
    op.create_table(
        "lane_tick",
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("vendor", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("p50_ms", sa.Integer(), nullable=True),
        sa.Column("p95_ms", sa.Integer(), nullable=True),
        sa.Column("waiting", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("at", "vendor", "kind", name="pk_lane_tick"),
    )


def downgrade() -> None:
    """Take the step back."""
    op.drop_table("lane_tick")
    op.drop_table("tick")
