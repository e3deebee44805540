"""Adoption: sessions are found by their number."""

from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE INDEX IF NOT EXISTS ix_adoption_actions_session ON adoption_actions (session)")


def downgrade() -> None:
    op.drop_index("ix_adoption_actions_session", "adoption_actions")
