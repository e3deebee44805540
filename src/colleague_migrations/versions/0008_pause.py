"""Runs that a person has paused."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE runs ADD COLUMN IF NOT EXISTS paused_by VARCHAR NOT NULL DEFAULT ''")
    op.execute("ALTER TABLE runs ALTER COLUMN paused_by DROP DEFAULT")


def downgrade() -> None:
    op.drop_column("runs", "paused_by")
