"""The journal's history, in steps that Alembic applies."""
