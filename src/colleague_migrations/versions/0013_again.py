"""Runs that try again from a step of an earlier one."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE runs ADD COLUMN IF NOT EXISTS from_run VARCHAR NOT NULL DEFAULT ''")
    op.execute("ALTER TABLE runs ADD COLUMN IF NOT EXISTS from_seq INTEGER NOT NULL DEFAULT 0")
    op.execute("ALTER TABLE runs ALTER COLUMN from_run DROP DEFAULT, ALTER COLUMN from_seq DROP DEFAULT")


def downgrade() -> None:
    op.drop_column("runs", "from_seq")
    op.drop_column("runs", "from_run")
