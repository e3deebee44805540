"""Compliance: erasures of people, and since when a record names nobody."""

from alembic import op

from colleague.kit.db import Base

revision = "0066"
down_revision = "0065"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE people ADD COLUMN IF NOT EXISTS erased_at TIMESTAMP WITH TIME ZONE")
    Base.metadata.create_all(op.get_bind(), tables=[Base.metadata.tables["erasures"]], checkfirst=True)


def downgrade() -> None:
    op.drop_table("erasures")
    op.drop_column("people", "erased_at")
