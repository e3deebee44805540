"""Retention: each night's run, what it took away by class, and its certificate."""

from alembic import op

from colleague.kit.db import Base

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None

TABLES = ("retention_runs",)


def upgrade() -> None:
    Base.metadata.create_all(op.get_bind(), tables=[Base.metadata.tables[name] for name in TABLES], checkfirst=True)


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name)
