"""The database's history: Alembic revisions, shipped in the wheel."""
