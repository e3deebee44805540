"""Triggers with their wordings, and who passed the drill; what came in from away."""

from alembic import op

from colleague.kit.db import Base

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

TABLES = (
    "dispatch_triggers", "dispatch_wordings", "dispatch_drills", "dispatch_messages", "dispatch_contents",
    "dispatch_files",
)  # fmt: skip


def upgrade() -> None:
    Base.metadata.create_all(op.get_bind(), tables=[Base.metadata.tables[name] for name in TABLES], checkfirst=True)


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name)
