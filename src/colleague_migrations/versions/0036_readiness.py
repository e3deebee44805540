"""Readiness: every assessment as a version."""

from alembic import op

from colleague.kit.db import Base

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

TABLES = ("programme_readiness",)


def upgrade() -> None:
    # A new installation has them from the first revision, which makes the tables that its release knows.
    Base.metadata.create_all(op.get_bind(), tables=[Base.metadata.tables[name] for name in TABLES], checkfirst=True)


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name)
