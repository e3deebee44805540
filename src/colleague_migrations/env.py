"""Alembic's entry: runs the revisions on the connection that kit/migrate.py hands over."""

from importlib import import_module
from pkgutil import walk_packages

from alembic import context

import colleague
from colleague.kit import blobs, once  # noqa: F401
from colleague.kit.db import Base

for part in walk_packages(colleague.__path__, "colleague."):
    if part.name.endswith(".tables"):
        import_module(part.name)

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    compare_type=True,
    transaction_per_migration=True,
    include_object=lambda obj, name, kind, reflected, other: not str(name).startswith("procrastinate_"),
)
with context.begin_transaction():
    context.run_migrations()
