"""Use cases: cards, baselines, friction logs, prompt frameworks."""

from alembic import op

from colleague.kit.db import Base

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

TABLES = ("use_cases", "use_case_cards", "use_case_observations", "use_case_frictions", "use_case_frameworks")


def upgrade() -> None:
    # A new installation has them from the first revision, which makes the tables that its release knows.
    Base.metadata.create_all(op.get_bind(), tables=[Base.metadata.tables[name] for name in TABLES], checkfirst=True)


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name)
