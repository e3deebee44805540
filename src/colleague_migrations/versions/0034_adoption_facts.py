"""Facts of adoption, rolled up from the ledger."""

from alembic import op

from colleague.kit.db import Base

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

TABLES = ("adoption_place", "adoption_actions", "adoption_last", "adoption_seats", "adoption_runs")


def upgrade() -> None:
    Base.metadata.create_all(op.get_bind(), tables=[Base.metadata.tables[name] for name in TABLES], checkfirst=True)


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name)
