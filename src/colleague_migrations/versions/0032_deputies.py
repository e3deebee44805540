"""Deputies, and when whoever may answer a question is first told."""

from alembic import op

from colleague.kit.db import Base

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A new installation has the columns from the first revision, which makes the tables that its release knows.
    op.execute("ALTER TABLE approvals ADD COLUMN IF NOT EXISTS tell_at TIMESTAMPTZ")
    op.execute("ALTER TABLE approvals ADD COLUMN IF NOT EXISTS delegated BOOLEAN NOT NULL DEFAULT false")
    Base.metadata.create_all(op.get_bind(), tables=[Base.metadata.tables["approval_deputies"]], checkfirst=True)


def downgrade() -> None:
    op.drop_table("approval_deputies")
    op.drop_column("approvals", "delegated")
    op.drop_column("approvals", "tell_at")
