"""Tasks: pinned and archived, their words for search, offers to hand over, mentions."""

from alembic import op

from colleague.kit.db import Base

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TABLES = ("task_marks", "task_indexed", "task_words", "task_hand_overs", "task_mentions")


def upgrade() -> None:
    # A new installation has them from the first revision, which makes all tables that its release knows.
    op.execute("ALTER TABLE runs ADD COLUMN IF NOT EXISTS hand_over VARCHAR NOT NULL DEFAULT ''")
    op.execute("ALTER TABLE runs ALTER COLUMN hand_over DROP DEFAULT")
    Base.metadata.create_all(op.get_bind(), tables=[Base.metadata.tables[name] for name in TABLES], checkfirst=True)


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name)
    op.drop_column("runs", "hand_over")
