"""Find the strangers of an hour without reading every message."""

from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "CREATE INDEX IF NOT EXISTS ix_dispatch_messages_unknown ON dispatch_messages (channel, received_at) "
        "WHERE state = 'unknown'"
    )


def downgrade() -> None:
    op.drop_index("ix_dispatch_messages_unknown")
