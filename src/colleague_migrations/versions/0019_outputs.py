"""Why a file has its class."""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A new installation has all this from the first revision, which makes the tables that its release knows.
    op.execute("ALTER TABLE files ADD COLUMN IF NOT EXISTS reasons JSONB NOT NULL DEFAULT '[]'")


def downgrade() -> None:
    op.drop_column("files", "reasons")
