"""Tasks limited to chosen files and folders; files that people put back."""

from alembic import op

from colleague.kit.db import Base

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A new installation has them from the first revision, which makes all tables that its release knows.
    Base.metadata.create_all(op.get_bind(), tables=[Base.metadata.tables["file_undos"]], checkfirst=True)
    op.execute("ALTER TABLE tasks ADD COLUMN IF NOT EXISTS places JSONB")


def downgrade() -> None:
    op.drop_column("tasks", "places")
    op.drop_table("file_undos")
