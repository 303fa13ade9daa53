"""How Alembic reaches the journal: over the connection that `worker.journal.migrate` gives it."""

from alembic import context
from sqlmodel import SQLModel

from worker.journal import tables

assert tables.event.metadata is SQLModel.metadata  # noqa: S101 the models are imported by now

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
