"""Readouts, the assumptions of their cost model, and the named leaders."""

from alembic import op

from colleague.kit.db import Base

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

TABLES = ("readouts", "readout_assumptions", "programme_leaders")


def upgrade() -> None:
    # A new installation has them from the first revision, which makes the tables that its release knows.
    Base.metadata.create_all(op.get_bind(), tables=[Base.metadata.tables[name] for name in TABLES], checkfirst=True)


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name)
