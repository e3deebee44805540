"""What was applied from files, and what was in force before it."""

from alembic import op

from colleague.kit.db import Base

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

TABLES = ("configuration_applied",)


def upgrade() -> None:
    Base.metadata.create_all(op.get_bind(), tables=[Base.metadata.tables[name] for name in TABLES], checkfirst=True)


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name)
