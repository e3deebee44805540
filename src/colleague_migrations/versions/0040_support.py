"""Support: tickets, what is said on them, the support model."""

from alembic import op

from colleague.kit.db import Base

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

TABLES = ("support_tickets", "support_answers", "support_models")


def upgrade() -> None:
    # A new installation has them from the first revision, which makes the tables that its release knows.
    Base.metadata.create_all(op.get_bind(), tables=[Base.metadata.tables[name] for name in TABLES], checkfirst=True)


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name)
