"""Cohorts: candidates with what was said of them, members, and the group that maps to a cohort."""

from alembic import op

from colleague.kit.db import Base

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

TABLES = ("cohorts", "cohort_candidates", "cohort_members")


def upgrade() -> None:
    # A new installation has them from the first revision, which makes the tables that its release knows.
    Base.metadata.create_all(op.get_bind(), tables=[Base.metadata.tables[name] for name in TABLES], checkfirst=True)


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name)
