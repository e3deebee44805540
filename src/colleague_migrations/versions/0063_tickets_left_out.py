"""Tickets of people whom the numbers leave out are answered and not counted."""

from alembic import op

revision = "0063"
down_revision = "0062"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE support_tickets ADD COLUMN IF NOT EXISTS counts BOOLEAN NOT NULL DEFAULT true")


def downgrade() -> None:
    op.drop_column("support_tickets", "counts")
