"""Templates of the organisation, and what was read from connectors."""

from alembic import op

from colleague.kit.db import Base

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLES = ("templates", "readings")


def upgrade() -> None:
    # A new installation has them from the first revision, which makes all tables that its release knows.
    Base.metadata.create_all(op.get_bind(), tables=[Base.metadata.tables[name] for name in TABLES], checkfirst=True)


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name)
