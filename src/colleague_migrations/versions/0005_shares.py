"""Tasks shared with colleagues, who may stand in where the requester is asked."""

from alembic import op

from colleague.kit.db import Base

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A new installation has both from the first revision, which makes all tables that its release knows.
    op.execute("ALTER TABLE approvals ADD COLUMN IF NOT EXISTS also JSONB NOT NULL DEFAULT '{}'")
    op.execute("ALTER TABLE approvals ALTER COLUMN also DROP DEFAULT")
    Base.metadata.create_all(op.get_bind(), tables=[Base.metadata.tables["task_shares"]], checkfirst=True)


def downgrade() -> None:
    op.drop_table("task_shares")
    op.drop_column("approvals", "also")
