"""The tier that the trigger or automation of a task is mapped to."""

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A new installation has it from the first revision, which makes the tables that its release knows.
    op.execute("ALTER TABLE tasks ADD COLUMN IF NOT EXISTS cap INTEGER NOT NULL DEFAULT 3")


def downgrade() -> None:
    op.drop_column("tasks", "cap")
