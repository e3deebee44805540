"""People whom the numbers of the programme leave out: test users and service accounts."""

from alembic import op

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE people ADD COLUMN IF NOT EXISTS excluded_why VARCHAR NOT NULL DEFAULT ''")
    op.execute("ALTER TABLE adoption_place ADD COLUMN IF NOT EXISTS excluded JSONB NOT NULL DEFAULT '[]'")


def downgrade() -> None:
    op.drop_column("adoption_place", "excluded")
    op.drop_column("people", "excluded_why")
