"""How Alembic reaches the journal: over the connection that `worker.journal.migrate` gives it."""

from alembic import context
from sqlmodel import SQLModel

from worker.journal import (
    audit,
    callback_tables,
    history_tables,
    reconciliation_tables,
    tables,
)

MODELS = (
    tables,
    callback_tables,
    reconciliation_tables,
    audit,
    history_tables,
)  # known once imported

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
