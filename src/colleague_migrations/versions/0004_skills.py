"""Skills that people add, and what is switched off."""

from alembic import op

from colleague.kit.db import Base

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES = ("skill_packages", "skill_switches")


def upgrade() -> None:
    # A new installation has them from the first revision, which makes all tables that its release knows.
    Base.metadata.create_all(op.get_bind(), tables=[Base.metadata.tables[name] for name in TABLES], checkfirst=True)


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name)
