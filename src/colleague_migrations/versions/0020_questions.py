"""The question that policy was asked, beside each decision."""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE calls ADD COLUMN IF NOT EXISTS question JSONB")
    op.execute("CREATE INDEX IF NOT EXISTS ix_calls_decided_at ON calls (decided_at)")


def downgrade() -> None:
    op.drop_index("ix_calls_decided_at", "calls")
    op.drop_column("calls", "question")
