"""Deviations from the hardening checks that stand, and since when they were seen."""

from alembic import op

from colleague.kit.db import Base

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

TABLES = ("posture_deviations",)


def upgrade() -> None:
    Base.metadata.create_all(op.get_bind(), tables=[Base.metadata.tables[name] for name in TABLES], checkfirst=True)


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name)
