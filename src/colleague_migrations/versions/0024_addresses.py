"""Numbers and accounts that people bound to themselves, and browsers that are told."""

from alembic import op

from colleague.kit.db import Base

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

TABLES = ("channel_addresses", "channel_preferences", "push_subscriptions")


def upgrade() -> None:
    Base.metadata.create_all(op.get_bind(), tables=[Base.metadata.tables[name] for name in TABLES], checkfirst=True)


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name)
