"""Schedules, their slots, what was agreed to beforehand; and which of that stood in for a call."""

from alembic import op

from colleague.kit.db import Base

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

TABLES = ("schedules", "schedule_slots", "schedule_envelopes", "schedule_envelope_uses")


def upgrade() -> None:
    Base.metadata.create_all(op.get_bind(), tables=[Base.metadata.tables[name] for name in TABLES], checkfirst=True)
    # A new installation has it from the first revision, which makes the tables that its release knows.
    op.execute("ALTER TABLE calls ADD COLUMN IF NOT EXISTS standing_id VARCHAR NOT NULL DEFAULT ''")


def downgrade() -> None:
    op.drop_column("calls", "standing_id")
    for name in reversed(TABLES):
        op.drop_table(name)
