"""The first month: versions of playbooks and modules, passes, ticks, savings, stalls, nudges."""

from alembic import op

from colleague.kit.db import Base

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

TABLES = (
    "onboarding_versions", "onboarding_passes", "onboarding_ticks", "onboarding_savings", "onboarding_stalls",
    "onboarding_nudges", "onboarding_quiet",
)  # fmt: skip


def upgrade() -> None:
    # A new installation has them from the first revision, which makes the tables that its release knows.
    Base.metadata.create_all(op.get_bind(), tables=[Base.metadata.tables[name] for name in TABLES], checkfirst=True)


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name)
