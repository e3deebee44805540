"""Prompt frameworks say when what comes of them is good enough."""

from alembic import op

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE use_case_frameworks ADD COLUMN IF NOT EXISTS passed VARCHAR NOT NULL DEFAULT ''")


def downgrade() -> None:
    op.drop_column("use_case_frameworks", "passed")
